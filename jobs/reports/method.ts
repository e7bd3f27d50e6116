import type { ReportMethod } from '../../sql/reports/reports.ts';

/** How the figures of a report are computed. The version changes with every change of a formula or of an assumption. */
export const METHOD: ReportMethod = {
  version: '1',
  measures: {
    user_satisfaction:
      'Ratings from 1 (very dissatisfied) to 5 (very satisfied). The score is (mean rating − 1) / 4, in percent: 0 if all are very dissatisfied, 100 if all are very satisfied. The numerator is the sum of (rating − 1) / 4, the denominator the number of ratings. Longer periods add up ratings; they never average scores.',
    completion_rate_period:
      'Journeys completed in the period, divided by journeys started in it, in percent. A journey that started on Monday and was completed on Thursday counts on Thursday. So the rate can exceed 100 percent; then it has the flag over-100-percent.',
    completion_rate_cohort:
      'Of the journeys that started in the period, the share that was completed within the draft limit, in percent. It is provisional until the last of them is completed or past the limit. It never exceeds 100 percent.',
    digital_take_up:
      'Transactions completed online, divided by transactions completed in all channels (online, paper, phone, other) in the same calendar months, in percent.',
    cost_per_transaction:
      'The cost of all channels, divided by the transactions completed in all channels, over the twelve months that end with the period.',
  },
  assumptions: [
    'Months are calendar months in the time zone of the service.',
    'A resumed journey is not a new start. A journey is complete at its first completion. A draft that is not completed within the draft limit has failed.',
    'Transactions online are the completed journeys, unless a number was recorded for the month.',
    'Numbers of other channels and costs are recorded by hand, imported, or fetched from another system. A month or a channel without a number is missing, never zero, and a figure that needs it is null.',
    'A channel that the service does not have has no transactions. A month without costs of its own for a channel has the default cost of the service, with the flag default-costs.',
    'Transactions that somebody was helped to complete online are digital, unless the parameter assisted_digital is `excluded`.',
    'Numbers that are corrected later are restated: the earlier figures stay, and a new revision says what changed.',
    'Feedback is given by choice, so the people who rate are not a random sample.',
  ],
};
