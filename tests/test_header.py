"""Case number, dates and priority, and the reviewer, in every form that letters and converters give them."""

import pytest
from msgspec.structs import replace

from imrsearch.indexer.letter.header import Header, iso_date, parse_header
from imrsearch.indexer.letter.reviewer import parse_reviewer
from imrsearch.schema.records import Line

FULL = Header(
    case_number="CM17-9900001",
    priority="standard",
    decision_date="2017-02-08",
    assigned_date="2017-01-12",
    injury_date="1994-04-15",
    ur_denial_date="2016-12-20",
    application_date="2017-01-03",
)


def lines(text):
    return [Line(row.strip()) for row in text.strip().splitlines() if row.strip()]


def header_with(**values):
    names = Header.__struct_fields__
    return Header(**{name: values.get(name) for name in names})


NOTICE = header_with(
    case_number="CM13-9900001",
    decision_date="2013-12-02",
    ur_denial_date="2013-08-30",
    injury_date="2011-06-04",
    application_date="2013-09-06",
)
BY_ROWS = """
Case Number: CM17-9900001 Date Assigned: 01/12/2017
Date of Injury: 04/15/1994 Decision Date: 02/08/2017
UR Denial Date: 12/20/2016 Priority: Standard
Application Received: 01/03/2017
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(BY_ROWS, FULL, id="by-rows"),
        pytest.param(
            """
            Case Number: CM17-9900001
            Date Assigned: 01/12/2017 Date of Injury: 04/15/1994
            Decision Date: 02/08/2017 UR Denial Date: 12/20/2016
            Priority: Standard Application 01/03/2017
            Received:
            """,
            FULL,
            id="wrapped-label-around-its-date",
        ),
        pytest.param(
            """
            Priority: Standard Application
            Received: 01/03/2017
            Case Number: CM17-9900001 Date Assigned: 01/12/2017 Date of Injury: 04/15/1994
            Decision Date: 02/08/2017 UR Denial Date: 12/20/2016
            """,
            FULL,
            id="wrapped-label-before-its-date",
        ),
        pytest.param(
            """
            Case Number:
            Date Assigned:
            Decision Date:
            Priority:
            CM17-9900001
            01/12/2017
            02/08/2017
            Standard
            Date of Injury:
            UR Denial Date:
            Application Received:
            04/15/1994
            12/20/2016
            01/03/2017
            """,
            FULL,
            id="by-columns",
        ),
        pytest.param(
            "Case Number: CM17-9900001\nDate Assigned: 01/12/2017\nDate of Injury:\nDecision Date: 02/08/2017",
            header_with(case_number="CM17-9900001", assigned_date="2017-01-12", decision_date="2017-02-08"),
            id="blank-date",
        ),
        pytest.param(
            "Case Number: CM17-9900001\nDate of Injury: 00/00/0000\nDecision Date: 02/30/2017",
            header_with(case_number="CM17-9900001"),
            id="dates-that-are-no-days",
        ),
        pytest.param(
            "Case Number: CM17-9900001\nPriority: Expedited",
            header_with(case_number="CM17-9900001", priority="expedited"),
            id="expedited",
        ),
        pytest.param(
            "Case Number: CM17-9900001\nPriority: Concurrent",
            header_with(case_number="CM17-9900001", priority="concurrent"),
            id="unknown-priority",
        ),
        pytest.param(
            "Priority:\nApplication Received: 01/03/2017",
            header_with(application_date="2017-01-03"),
            id="blank-priority",
        ),
        pytest.param("CASE NUMBER: CM17-9900001", header_with(case_number="CM17-9900001"), id="capitals"),
        pytest.param(
            "Determination of the case CM17-9900001 by the reviewer",
            header_with(case_number="CM17-9900001"),
            id="case-number-anywhere",
        ),
        pytest.param(
            """
            Dated: 12/2/2013
            Date of UR Decision: 8/30/2013
            Date of Injury: 6/4/2011
            IMR Application Received: 9/6/2013
            MAXIMUS Case Number: CM13-9900001
            """,
            NOTICE,
            id="notice-fields",
        ),
        pytest.param(
            """
            An application for Independent Medical Review was filed on 9/6/2013 disputing the
            Utilization Review Denial dated 8/30/2013. A Notice of Assignment and Request for
            Information was provided to the above parties on 9/23/2013. A decision has been made.
            """,
            header_with(application_date="2013-09-06", ur_denial_date="2013-08-30", assigned_date="2013-09-23"),
            id="notice-prose",
        ),
        pytest.param(
            "An application for Independent Medical Review was filed on September 6, 2013 disputing it.",
            header_with(application_date="2013-09-06"),
            id="date-in-words",
        ),
        pytest.param(
            """
            Dated: 12/2/2013
            Employee:
            Claim Number:
            Date of UR Decision:
            Date of Injury:
            IMR Application Received:
            MAXIMUS Case Number:
            Pat de la Example
            FICTION-000
            8/30/2013
            6/4/2011
            9/6/2013
            CM13-9900001
            1) MAXIMUS Federal Services, Inc. has determined the request for a TENS unit used between
            11-17-2012 and 9-19-2014, 10-1-2014 is not medically necessary and appropriate.
            """,
            NOTICE,
            id="notice-by-columns-above-a-sentence-of-dates",
        ),
        pytest.param(
            """
            Dated: 12/2/2013
            Date of UR Decision: Date of Injury: IMR Application Received: MAXIMUS Case Number:
            Pat de la Example 8/30/2013 6/4/2011 9/6/2013 CM13-9900001
            1) MAXIMUS Federal Services, Inc. has determined the request for a TENS unit used on
            11-17-2012
            and
            9-19-2014
            is not medically necessary and appropriate.
            """,
            replace(NOTICE, ur_denial_date=None),
            id="notice-by-columns-on-one-line-above-a-sentence-of-dates",
        ),
        pytest.param(
            """
            Date of UR Decision:
            Date of Injury:
            MAXIMUS Case Number:
            6/4/2011
            CM13-9900001
            The first day of the TENS unit was
            11-17-2012
            and its last day was
            9-19-2014
            """,
            header_with(case_number="CM13-9900001", injury_date="2011-06-04"),
            id="blank-date-by-columns-above-a-sentence-of-short-lines",
        ),
        pytest.param(
            """
            Date of UR Decision:
            Date of Injury:
            MAXIMUS Case Number:
            6/4/2011
            CM13-9900001
            For therapy between 11-17-2012 and 9-19-2014
            """,
            header_with(case_number="CM13-9900001", injury_date="2011-06-04"),
            id="blank-date-by-columns-above-a-short-line-of-dates",
        ),
        pytest.param(
            """
            Date of Injury:
            Application
            Received:
            6/4/2011
            9/6/2013 HOW THE FINAL DETERMINATION OF THIS CASE WAS MADE
            """,
            header_with(injury_date="2011-06-04", application_date="2013-09-06"),
            id="title-after-the-last-value",
        ),
        pytest.param(
            "Case Number: CM17-9900001\nDate of Injury:\nDate of the Birth:\n04/15/1964",
            header_with(case_number="CM17-9900001"),
            id="blank-date-above-an-unknown-label",
        ),
        pytest.param("", header_with(), id="empty"),
        pytest.param(
            "Case Number: CM17-9900001\nDate of Injury:\nDear Doctor,\nthe request of 02/08/2017 was reviewed.",
            header_with(case_number="CM17-9900001"),
            id="blank-date-before-prose",
        ),
    ],
)
def test_header(text, expected):
    assert parse_header(lines(text)) == expected


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        pytest.param("02/08/2017", "2017-02-08", id="padded"),
        pytest.param("2/8/2017", "2017-02-08", id="bare"),
        pytest.param("8-28-01", "2001-08-28", id="hyphens-and-two-digits"),
        pytest.param("4/15/94", "1994-04-15", id="last-century"),
        pytest.param("October 14, 2013", "2013-10-14", id="words"),
        pytest.param("Oct. 14 2013", "2013-10-14", id="short-words"),
        pytest.param("02/29/2016", "2016-02-29", id="leap-day"),
        pytest.param("02/29/2017", None, id="no-leap-day"),
        pytest.param("13/01/2017", None, id="no-month"),
        pytest.param("00/00/0000", None, id="zeros"),
        pytest.param("Report 14, 2013", None, id="no-month-name"),
        pytest.param("", None, id="empty"),
    ],
)
def test_iso_date(text, iso):
    assert iso_date(text) == iso


@pytest.mark.parametrize(
    ("text", "specialties", "states"),
    [
        pytest.param(
            "State(s) of Licensure: Texas, New York, California\nCertification(s)/Specialty: Preventive Medicine, "
            "Occupational Medicine",
            ["Preventive Medicine", "Occupational Medicine"],
            ["Texas", "New York", "California"],
            id="block",
        ),
        pytest.param(
            "State(s) of Licensure: Texas,New York\nCertification(s)/Specialty: Psychiatry,Neurology",
            ["Psychiatry", "Neurology"],
            ["Texas", "New York"],
            id="block-without-spaces",
        ),
        pytest.param(
            "State(s) of Licensure: Texas,\nNew York\nCertification(s)/Specialty: Physical Medicine "
            "&\nRehabilitation, Pain Management",
            ["Physical Medicine & Rehabilitation", "Pain Management"],
            ["Texas", "New York"],
            id="block-wrapped",
        ),
        pytest.param(
            "The expert reviewer is Board Certified in Orthopedic Surgery, has a subspecialty in Hand Surgery and is\n"
            "licensed to practice in Texas. He/she sees patients.",
            ["Orthopedic Surgery", "Hand Surgery"],
            ["Texas"],
            id="prose",
        ),
        pytest.param(
            "The physician reviewer is Board Certified in Physical Medicine and Rehabilitation and is licensed to "
            "practice "
            "in Ohio, Maine and New York. He/she sees patients.",
            ["Physical Medicine and Rehabilitation"],
            ["Ohio", "Maine", "New York"],
            id="prose-with-and-in-the-specialty",
        ),
        pytest.param("State(s) of Licensure: Ohio", [], ["Ohio"], id="licensure-only"),
        pytest.param("Certification(s)/Specialty: Psychiatry", ["Psychiatry"], [], id="specialty-only"),
        pytest.param("State(s) of Licensure:\nCertification(s)/Specialty:", [], [], id="blank"),
        pytest.param("The reviewer is a physician.", [], [], id="none"),
        pytest.param("", [], [], id="empty"),
    ],
)
def test_reviewer(text, specialties, states):
    reviewer = parse_reviewer(lines(text))
    assert list(reviewer.specialties) == specialties
    assert list(reviewer.licensure_states) == states
