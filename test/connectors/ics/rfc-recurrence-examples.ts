/**
 * All examples of RFC 5545, sections 3.8.5.3 and 3.3.10, in America/New_York, with what the RFC prints for each: title, DTSTART, RRULE,
 * and the days, written `1997-09: 2-11, 15`. The time is DTSTART's unless it is stated (`1997-09: 2 at 09.00 09.15`), and
 * `...` stands where the rule gives more than the RFC prints. Two rows are not as printed: the thirteenths have DTSTART taken
 * out by EXDATE there, and "every 3 hours" has UNTIL=19970902T170000Z there, which is 13:00 in New York (an erratum).
 */
const table = `
Daily for 10 occurrences | 19970902T090000 | FREQ=DAILY;COUNT=10 | 1997-09: 2-11
Daily until December 24, 1997 | 19970902T090000 | FREQ=DAILY;UNTIL=19971224T000000Z | 1997-09: 2-30; 1997-10: 1-31; 1997-11: 1-30; 1997-12: 1-23
Every other day - forever | 19970902T090000 | FREQ=DAILY;INTERVAL=2 | 1997-09: 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30; 1997-10: 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30; 1997-11: 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29; 1997-12: 1, 3; ...
Every 10 days, 5 occurrences | 19970902T090000 | FREQ=DAILY;INTERVAL=10;COUNT=5 | 1997-09: 2, 12, 22; 1997-10: 2, 12
Every day in January, for 3 years (yearly) | 19980101T090000 | FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA | 1998-01: 1-31; 1999-01: 1-31; 2000-01: 1-31
Every day in January, for 3 years (daily) | 19980101T090000 | FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1 | 1998-01: 1-31; 1999-01: 1-31; 2000-01: 1-31
Weekly for 10 occurrences | 19970902T090000 | FREQ=WEEKLY;COUNT=10 | 1997-09: 2, 9, 16, 23, 30; 1997-10: 7, 14, 21, 28; 1997-11: 4
Weekly until December 24, 1997 | 19970902T090000 | FREQ=WEEKLY;UNTIL=19971224T000000Z | 1997-09: 2, 9, 16, 23, 30; 1997-10: 7, 14, 21, 28; 1997-11: 4, 11, 18, 25; 1997-12: 2, 9, 16, 23
Every other week - forever | 19970902T090000 | FREQ=WEEKLY;INTERVAL=2;WKST=SU | 1997-09: 2, 16, 30; 1997-10: 14, 28; 1997-11: 11, 25; 1997-12: 9, 23; 1998-01: 6, 20; 1998-02: 3, 17; ...
Weekly on Tuesday and Thursday for five weeks (UNTIL) | 19970902T090000 | FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH | 1997-09: 2, 4, 9, 11, 16, 18, 23, 25, 30; 1997-10: 2
Weekly on Tuesday and Thursday for five weeks (COUNT) | 19970902T090000 | FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH | 1997-09: 2, 4, 9, 11, 16, 18, 23, 25, 30; 1997-10: 2
Every other week on Monday, Wednesday and Friday until December 24, 1997 | 19970901T090000 | FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR | 1997-09: 1, 3, 5, 15, 17, 19, 29; 1997-10: 1, 3, 13, 15, 17, 27, 29, 31; 1997-11: 10, 12, 14, 24, 26, 28; 1997-12: 8, 10, 12, 22
Every other week on Tuesday and Thursday, for 8 occurrences | 19970902T090000 | FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH | 1997-09: 2, 4, 16, 18, 30; 1997-10: 2, 14, 16
Monthly on the first Friday for 10 occurrences | 19970905T090000 | FREQ=MONTHLY;COUNT=10;BYDAY=1FR | 1997-09: 5; 1997-10: 3; 1997-11: 7; 1997-12: 5; 1998-01: 2; 1998-02: 6; 1998-03: 6; 1998-04: 3; 1998-05: 1; 1998-06: 5
Monthly on the first Friday until December 24, 1997 | 19970905T090000 | FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR | 1997-09: 5; 1997-10: 3; 1997-11: 7; 1997-12: 5
Every other month on the first and last Sunday for 10 occurrences | 19970907T090000 | FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU | 1997-09: 7, 28; 1997-11: 2, 30; 1998-01: 4, 25; 1998-03: 1, 29; 1998-05: 3, 31
Monthly on the second-to-last Monday for 6 months | 19970922T090000 | FREQ=MONTHLY;COUNT=6;BYDAY=-2MO | 1997-09: 22; 1997-10: 20; 1997-11: 17; 1997-12: 22; 1998-01: 19; 1998-02: 16
Monthly on the third-to-the-last day, forever | 19970928T090000 | FREQ=MONTHLY;BYMONTHDAY=-3 | 1997-09: 28; 1997-10: 29; 1997-11: 28; 1997-12: 29; 1998-01: 29; 1998-02: 26; ...
Monthly on the 2nd and 15th for 10 occurrences | 19970902T090000 | FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15 | 1997-09: 2, 15; 1997-10: 2, 15; 1997-11: 2, 15; 1997-12: 2, 15; 1998-01: 2, 15
Monthly on the first and last day for 10 occurrences | 19970930T090000 | FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1 | 1997-09: 30; 1997-10: 1, 31; 1997-11: 1, 30; 1997-12: 1, 31; 1998-01: 1, 31; 1998-02: 1
Every 18 months on the 10th thru 15th for 10 occurrences | 19970910T090000 | FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15 | 1997-09: 10-15; 1999-03: 10-13
Every Tuesday, every other month | 19970902T090000 | FREQ=MONTHLY;INTERVAL=2;BYDAY=TU | 1997-09: 2, 9, 16, 23, 30; 1997-11: 4, 11, 18, 25; 1998-01: 6, 13, 20, 27; 1998-03: 3, 10, 17, 24, 31; ...
Yearly in June and July for 10 occurrences | 19970610T090000 | FREQ=YEARLY;COUNT=10;BYMONTH=6,7 | 1997-06: 10; 1997-07: 10; 1998-06: 10; 1998-07: 10; 1999-06: 10; 1999-07: 10; 2000-06: 10; 2000-07: 10; 2001-06: 10; 2001-07: 10
Every other year on January, February, and March for 10 occurrences | 19970310T090000 | FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3 | 1997-03: 10; 1999-01: 10; 1999-02: 10; 1999-03: 10; 2001-01: 10; 2001-02: 10; 2001-03: 10; 2003-01: 10; 2003-02: 10; 2003-03: 10
Every third year on the 1st, 100th, and 200th day for 10 occurrences | 19970101T090000 | FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200 | 1997-01: 1; 1997-04: 10; 1997-07: 19; 2000-01: 1; 2000-04: 9; 2000-07: 18; 2003-01: 1; 2003-04: 10; 2003-07: 19; 2006-01: 1
Every 20th Monday of the year, forever | 19970519T090000 | FREQ=YEARLY;BYDAY=20MO | 1997-05: 19; 1998-05: 18; 1999-05: 17; ...
Monday of week number 20, forever | 19970512T090000 | FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO | 1997-05: 12; 1998-05: 11; 1999-05: 17; ...
Every Thursday in March, forever | 19970313T090000 | FREQ=YEARLY;BYMONTH=3;BYDAY=TH | 1997-03: 13, 20, 27; 1998-03: 5, 12, 19, 26; 1999-03: 4, 11, 18, 25; ...
Every Thursday, but only during June, July, and August, forever | 19970605T090000 | FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8 | 1997-06: 5, 12, 19, 26; 1997-07: 3, 10, 17, 24, 31; 1997-08: 7, 14, 21, 28; 1998-06: 4, 11, 18, 25; 1998-07: 2, 9, 16, 23, 30; 1998-08: 6, 13, 20, 27; 1999-06: 3, 10, 17, 24; 1999-07: 1, 8, 15, 22, 29; 1999-08: 5, 12, 19, 26; ...
Every Friday the 13th, forever | 19970902T090000 | FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13 | 1998-02: 13; 1998-03: 13; 1998-11: 13; 1999-08: 13; 2000-10: 13; ...
The first Saturday that follows the first Sunday of the month, forever | 19970913T090000 | FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13 | 1997-09: 13; 1997-10: 11; 1997-11: 8; 1997-12: 13; 1998-01: 10; 1998-02: 7; 1998-03: 7; 1998-04: 11; 1998-05: 9; 1998-06: 13; ...
U.S. Presidential Election day | 19961105T090000 | FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8 | 1996-11: 5; 2000-11: 7; 2004-11: 2; ...
The third instance into the month of one of Tuesday, Wednesday, or Thursday, for the next 3 months | 19970904T090000 | FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3 | 1997-09: 4; 1997-10: 7; 1997-11: 6
The second-to-last weekday of the month | 19970929T090000 | FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2 | 1997-09: 29; 1997-10: 30; 1997-11: 27; 1997-12: 30; 1998-01: 29; 1998-02: 26; 1998-03: 30; ...
Every 3 hours from 9:00 AM to 5:00 PM on a specific day | 19970902T090000 | FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z | 1997-09: 2 at 09.00 12.00 15.00
Every 15 minutes for 6 occurrences | 19970902T090000 | FREQ=MINUTELY;INTERVAL=15;COUNT=6 | 1997-09: 2 at 09.00 09.15 09.30 09.45 10.00 10.15
Every hour and a half for 4 occurrences | 19970902T090000 | FREQ=MINUTELY;INTERVAL=90;COUNT=4 | 1997-09: 2 at 09.00 10.30 12.00 13.30
Every 20 minutes from 9:00 AM to 4:40 PM every day (daily) | 19970902T090000 | FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40 | 1997-09: 2 at 09.00 09.20 09.40 10.00 10.20 10.40 11.00 11.20 11.40 12.00 12.20 12.40 13.00 13.20 13.40 14.00 14.20 14.40 15.00 15.20 15.40 16.00 16.20 16.40; 1997-09: 3 at 09.00 09.20 09.40 10.00 10.20 10.40 11.00 11.20 11.40 12.00 12.20 12.40 13.00 13.20 13.40 14.00 14.20 14.40 15.00 15.20 15.40 16.00 16.20 16.40; ...
Every 20 minutes from 9:00 AM to 4:40 PM every day (minutely) | 19970902T090000 | FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16 | 1997-09: 2 at 09.00 09.20 09.40 10.00 10.20 10.40 11.00 11.20 11.40 12.00 12.20 12.40 13.00 13.20 13.40 14.00 14.20 14.40 15.00 15.20 15.40 16.00 16.20 16.40; 1997-09: 3 at 09.00 09.20 09.40 10.00 10.20 10.40 11.00 11.20 11.40 12.00 12.20 12.40 13.00 13.20 13.40 14.00 14.20 14.40 15.00 15.20 15.40 16.00 16.20 16.40; ...
WKST=MO makes a difference | 19970805T090000 | FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO | 1997-08: 5, 10, 19, 24
WKST=SU makes a difference | 19970805T090000 | FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU | 1997-08: 5, 17, 19, 31
An invalid date (February 30) is ignored | 20070115T090000 | FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5 | 2007-01: 15, 30; 2007-02: 15; 2007-03: 15, 30
10 meetings that occur every other day | 19970902T090000 | FREQ=DAILY;COUNT=10;INTERVAL=2 | 1997-09: 2, 4, 6, 8, 10, 12, 14, 16, 18, 20
The last work day of the month | 19970930T090000 | FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 | 1997-09: 30; 1997-10: 31; 1997-11: 28; 1997-12: 31; 1998-01: 30; 1998-02: 27; ...
Every Sunday in January at 8:30 AM and 9:30 AM, every other year | 19970105T083000 | FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=SU;BYHOUR=8,9;BYMINUTE=30 | 1997-01: 5 at 08.30 09.30; 1997-01: 12 at 08.30 09.30; 1997-01: 19 at 08.30 09.30; 1997-01: 26 at 08.30 09.30; 1999-01: 3 at 08.30 09.30; 1999-01: 10 at 08.30 09.30; 1999-01: 17 at 08.30 09.30; 1999-01: 24 at 08.30 09.30; 1999-01: 31 at 08.30 09.30; ...
BYDAY=MO in a monthly rule: all Mondays within the month | 19970901T090000 | FREQ=MONTHLY;BYDAY=MO | 1997-09: 1, 8, 15, 22, 29; 1997-10: 6, 13, 20, 27; ...
BYDAY=+1MO and -1MO in a monthly rule | 19970901T090000 | FREQ=MONTHLY;BYDAY=+1MO,-1MO | 1997-09: 1, 29; 1997-10: 6, 27; 1997-11: 3, 24; ...
BYMONTHDAY=-10: the tenth to the last day of the month | 19970921T090000 | FREQ=MONTHLY;BYMONTHDAY=-10 | 1997-09: 21; 1997-10: 22; 1997-11: 21; 1997-12: 22; 1998-01: 22; 1998-02: 19; ...
BYYEARDAY=-1: the last day of the year | 19971231T090000 | FREQ=YEARLY;BYYEARDAY=-1 | 1997-12: 31; 1998-12: 31; 1999-12: 31; 2000-12: 31; ...
BYYEARDAY=-306: the 306th to the last day of the year (March 1) | 19970301T090000 | FREQ=YEARLY;BYYEARDAY=-306 | 1997-03: 1; 1998-03: 1; 1999-03: 1; 2000-03: 1; 2001-03: 1; ...
BYWEEKNO=3: the third week of the year | 19970113T090000 | FREQ=YEARLY;BYWEEKNO=3;BYDAY=MO,SU | 1997-01: 13, 19; 1998-01: 12, 18; 1999-01: 18, 24; ...
`

export interface RfcExample {
  readonly title: string
  readonly start: string
  readonly rule: string
  readonly expected: string
  readonly forever: boolean
}

export const rfcExamples: readonly RfcExample[] = table
  .trim()
  .split('\n')
  .map((row) => {
    const [title = '', start = '', rule = '', days = ''] = row.split(' | ')
    return { title, start, rule, expected: days.replace('; ...', ''), forever: days.endsWith('...') }
  })
