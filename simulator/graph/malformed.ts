/** What a fault of wrong types puts in place of an answer. */

/** Right at first sight, wrong in every member. */
export const malformedBody = {
  value: [
    null,
    17,
    'event',
    { id: 5, subject: {}, start: 'noon', end: null, showAs: 7, isAllDay: 'perhaps', categories: 'red' },
    {
      id: 'x',
      subject: 'x',
      start: { dateTime: 'tomorrow', timeZone: 3 },
      end: { dateTime: 12 },
      showAs: 'asleep'
    },
    { scheduleId: 4, scheduleItems: {}, availabilityView: ['2'], error: 'none' }
  ],
  '@odata.nextLink': 4
}
