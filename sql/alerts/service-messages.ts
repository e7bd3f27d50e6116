/** Types of messages about public services. */
export const SERVICE_MESSAGE_TYPES = [
  'performance_report.completed',
  'performance_report.failed',
  'connector.failing',
  'connector.recovered',
] as const;

/** The body of a webhook about a public service, and the source of an e-mail. It has no figure: figures are fetched with a key. */
export type ServiceMessage =
  | {
      type: 'performance_report.completed' | 'performance_report.failed';
      timestamp: string;
      data: {
        report: {
          id: string;
          service: string;
          period: string;
          status: 'completed' | 'failed';
          /** What the report lacks, so that figures are null. */
          missing: { input: string; period: string; reason: string }[];
          /** Number of the published revision; null if it is not published. */
          revision: number | null;
          url: string;
        };
      };
    }
  | {
      type: 'connector.failing' | 'connector.recovered';
      timestamp: string;
      data: { connector: { service: string; error: string | null; detail: string | null; url: string } };
    };
