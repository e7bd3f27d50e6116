import type { Request, Response } from 'express';

/** True where the client would rather have CSV than JSON. */
export function wantsCsv(request: Request): boolean {
  return request.accepts(['application/json', 'text/csv']) === 'text/csv';
}

/** Answers with CSV as a file of that name. */
export function sendCsv(response: Response, fileName: string, csv: string): void {
  response.writeHead(200, {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${fileName}"`,
    'content-length': Buffer.byteLength(csv),
    vary: 'Accept',
  });
  response.end(csv);
}
