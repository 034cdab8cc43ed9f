"""Lines of the shape that real servers wrote and others published, version by version; names and addresses of people are replaced."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats.exchange_columns import FORMS
from tracking.formats.registry import FORMATS, recognise

if TYPE_CHECKING:
    from pathlib import Path

# elastic/integrations, microsoft_exchange_server: messagetracking pipeline test (15.02 and 15.01; the file has no header)
MODERN = r"""
2024-01-25T15:16:09.843Z,,,,exchange-mail,No suitable shadow servers,,SMTP,HAREDIRECTFAIL,70971234566456,<20240124222112.B4AE1234EF@host01.my.domain.com>,2fd37dca-1234-5bfb-175d-08dc1db88f52,mailuser@my.domain.com,,15054,1,,,Undelivered Mail Returned to Sender,MAILER-DAEMON@host01.my.domain.com,root@host01.my.domain.com,,Incoming,,,,S:DeliveryPriority=Normal;S:OriginalFromAddress=root@host01.my.domain.com;S:AccountForest=my.domain.com,Email,dc69df25-1234-564c-41c4-08dc1db88f7f,15.02.0330.005
2024-01-25T15:16:09.949Z,10.11.12.14,exchange-mail.my.domain.com,10.11.12.14,exchange-mail,08DC1DB12C345BE5;2024-01-25T15:16:09.544Z;0,exchange-mail\Default exchange-mail,SMTP,RECEIVE,70912345566403,<20240123200014.123F425E28@host01.my.domain.com>,1e6eb197-c6b4-1234-1b69-56dc1db88f50,mailuser@my.domain.com,,7229,1,,,vzdump backup status (host01.my.domain.com): backup successful,root@host01.my.domain.com,root@host01.my.domain.com,0cA: ,Incoming,,10.11.12.13,10.11.12.14,S:ProxyHop1=exchange-mail.my.domain.com(10.11.12.14);S:MessageValue=MediumHigh,Email,05503123-c5b9-46fe-1234-56dc1db88f8f,15.02.0330.005
2024-01-07T00:00:07.463Z,192.168.0.1,exchange,192.168.0.2,exchange.example.com,;250 2.0.0OK20240107001234.567E6224C8@monitor.example.com[Hostname=exchange.example.com];ClientSubmitTime:,Intra-Organization SMTP Send Connector,SMTP,SEND,29519319995411,20240107001234.567E6224C8@monitor.example.com,0b7099ea-cb95-1234-328e-08dc5f139ac8,someone.else@example.com,250 2.1.5Recipient OK,38663,1,,,ein Titel,support@example.com,support@example.com,2024-01-07T00:00:05.535Z;LSRV=exchange.example.com:TOTAL-HUB=1.921|SMR=0.127(SMRDE=0.002|SMRC=0.125(SMRCL=0.105|X-SMRCR=0.125))|CAT=1.698(CATOS=0.018)|QDM=0.010|SMS=0.076(SMSMBXD=0.071),Originating,,,,S:E2ELatency=1.928;S:MsgRecipCount=1,Email,a7ae9ef9-e10c-4111-19bf-08dc0f111bee,15.01.2507.035
2025-01-14T09:29:05.327Z,216.160.83.56,HELLOWORLD,175.16.199.1,global-mail-onmicrosoft-com.mail.protection.outlook.com,";250 2.6.0 <1736846922.907742.2942@foo.bar.local> [InternalId=5450313518243, Hostname=AAAAAAAAAAAAA.bbbbbbbb.prod.outlook.com] 141301 bytes in 0.101, 1361.827 KB/sec Queued mail for delivery;ClientSubmitTime:",Outbound to Office 365 - cb1ce4e7-cbb6-46e8-8a4c-e1f2efbdd202,SMTP,SENDEXTERNAL,8774618205228,<1736846922.907742.2942@foo.bar.local>,cb1ce4e7-cbb6-46e8-8a4c-e1f2efbdd202,email@email.com,250 2.1.5 Recipient OK,136349,1,,,A Title,,<>,2025-01-14T09:28:50.814Z;SRV=HELLOWORLD.foo.example.com:TOTAL-FE=0.074|SMR=0.072|SMS=0.002;SRV=HELLOWORLD.foo.example.com:TOTAL-HUB=14.439|SMR=0.279(SMRDE=0.174)|QDE=13.818|SMS=0.291,Incoming,,,,S:E2ELatency=14.513;S:OriginalFromAddress=<>,Email,82f8feae-ef9b-41bf-8500-1e10946655ae,15.01.2507.039
2025-01-14T09:28:39.334Z,2a02:cf40::0000:1234:5678:9abc,HELLOWORLD,,,"MDB:f4adaa08-ff49-4bca-ba70-68e9b80597b0, Mailbox:84dd42d9-8814-4758-a8bb-e8765d62ec90, Event:190620893, MessageClass:IPM.Note, CreationTime:2025-01-14T09:28:39.321Z, ClientType:MOMT, SubmissionAssistant:MailboxTransportSubmissionEmailAssistant",,STOREDRIVER,NOTIFYMAPI,,,,,,,,,,,email@email.com,,2025-01-14T09:28:39.321Z;LSRV=HELLOWORLD.foo.example.com:TOTAL-SUB=0.013|SA=0.013|MTSS-PEN=0.000,,,,,S:ItemEntryId=00-00-XX-00,,74364e3b-32b7-4108-9a2c-6dda84007459,15.01.2507.039
""".strip()  # noqa: E501 lines as servers write them
# a log collector's documentation of Exchange 2019 samples (15.01.2375.007): the two sides of one submission
STORE = r"""
2022-09-19T15:02:29.339Z,fe80::1234:5678:4321:1010%3,SERVER-HOSTNAME,,,"MDB:12345678-3232-2323-1111-12345679666, Mailbox:33345678-3232-2323-1111-08da9fd00918, Event:63779422, MessageClass:IPM.Note, CreationTime:2022-09-19T15:02:29.211Z, ClientType:MOMT, SubmissionAssistant:MailboxTransportSubmissionEmailAssistant",,STOREDRIVER,NOTIFYMAPI,,,,,,,,,,,user.name1@domain.com,,2022-09-19T15:02:29.211Z;LSRV=YYY-MAIL.DOMAIN.TEST:TOTAL-SUB=0.128|SA=0.128|MTSS-PEN=0.000,,,,,S:ItemEntryId=00-YYY-00,,12345678-3232-2323-1111-12345679988,15.01.2375.007
2022-09-19T15:02:29.450Z,fe80::1234:5678:4321:1010,SERVER-HOSTNAME.DOMAIN.TEST,1234:5678:4321:1010%3,SERVER-HOSTNAME,"MDB:12345678-3232-2323-1111-12345679987, Mailbox:33345678-3232-2323-1111-08da9fd00918, Event:63779422, MessageClass:IPM.Note, CreationTime:2022-09-19T15:02:29.211Z, ClientType:MOMT, SubmissionAssistant:MailboxTransportSubmissionEmailAssistant, ServerMdbConnectionId:08DA9806C5B670C1",,STOREDRIVER,RECEIVE,438,<YYY@domain.com>,6a638d20-1e63-493a-80a2-08da9a4ff8da,user.name4@other.example,To,3750222,1,,,MAIL SUBJECT,user.name1@domain.com,user.name1@domain.com,04I: ,Originating,,95.11.22.33,fe80::1234:4545:3214:1010e%3,S:MailboxDatabaseGuid=12345678-3232-2323-1111-12345679987;S:ItemEntryId=00-00-YYY-00,Email,12345678-3232-2323-1111-12345679987,15.01.2375.007
""".strip()  # noqa: E501 same
# awslabs/kinesis-agent-windows (KinesisTap), ExchangeLogParserTest: 2013; the second line's quotes are damaged there
HEAD_2013 = f"""#Software: Microsoft Exchange Server
#Version: 15.00.1104.000
#Log-type: Message Tracking Log
#Date: 2017-05-22T17:33:35.632Z
#Fields: {",".join(FORMS[27])}
"""
LINES_2013 = """2017-05-22T17:33:35.632Z,,EX13D13UWA001,,,,,AGENT,AGENTINFO,64712272257893,<1028007174.22872.1495474412586.JavaMail.box@one.example.com>,13fad5b7-39c5-46e7-130e-08d4a138ac67,someone@example.com,,7631,1,,,Started Relay/us-west-2/PDX1/Prod deployment,box@example.com,approval@example.com,,Incoming,,10.25.10.214,10.43.162.232,S:AMA=SUM|action=p|error=|atch=0;S:CompCost=|ETR=0
2017-05-22T17:33:35.695Z,,,,EX13D13UWA001,""EX13D13UWB004.ant.example.com = 250 2.6.0 < 1028007174.22872 > [InternalId = EX13D13UWB004.ant.example.com, Hostname = 64712272257897] Queued mail for redundancy"",,SMTP,HAREDIRECT,64712272257894,<1028007174.22872.1495474412586.JavaMail.box@one.example.com>,13fad5b7-39c5-46e7-130e-08d4a138ac67,first@example.com;someone@example.com;third@example.com,,7312,3,,,Started Relay/us-west-2/PDX1/Prod deployment,box@example.com,approval@example.com,,Incoming,,,,S:DeliveryPriority=Normal
"""  # noqa: E501 same
# elastic/beats, filestream integration tests: 2010, behind a byte order mark
LINES_2010 = f"""\ufeff#Software: Microsoft Exchange Server
#Version: 14.0.0.0
#Log-type: Message Tracking Log
#Date: 2016-04-05T00:00:02.052Z
#Fields: {",".join(FORMS[26])}
2016-04-05T00:00:02.052Z,,,,,"MDB:61914740-3f1b-4ddb-94e0-557196870cfa, Mailbox:279f077c-216f-4323-a9ee-48e50ffd3cad, Event:269492708, MessageClass:IPM.Note.StorageQuotaWarning.Warning, CreationTime:2016-04-05T00:00:01.022Z, ClientType:System",,STOREDRIVER,NOTIFYMAPI,,,,,,,,,,,,,,,,,S:ItemEntryId=00-00-00-00-37-DB
"""  # noqa: E501 same
# wallix/pylogsparser, tests of MSExchange2007MessageTracking
LINE_2007 = """2010-04-19T12:29:07.390Z,10.10.14.73,WIN2K3DC,,WIN2K3DC,"MDB:ada3d2c3-6f32-45db-b1ee-a68dbcc86664, Mailbox:68cf09c1-1344-4639-b013-3c6f8a588504, Event:1440, MessageClass:IPM.Note, CreationTime:2010-04-19T12:28:51.312Z, ClientType:User",,STOREDRIVER,SUBMIT,,<C6539E897AEDFA469FE34D029FB708D43495@win2k3dc.qa.example.lan>,,,,,,,Coucou !,user7@qa.example.lan,,"""  # noqa: E501
# a hub's DELIVER in the form of 2007 (Splunk's BD-Datagen); RESOLVE as a pipeline for filebeat quotes it (15.01.2507)
DELIVER_2007 = "2012-02-29T16:18:27.100Z,,exch-hub-cup-01,,exch-mbx-den-00,,,STOREDRIVER,DELIVER,83322,<20120228010400.45938.56785@spl.example>,a.user@spl.example,,1441,1,,,Toolbar! The Last,c@xvfz.example,c@xvfz.example,2012-02-29T16:18:25.481Z"  # noqa: E501
RESOLVE = "2023-03-28T10:54:18.804Z,,,,server1,/o=TEST/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=usere339c092,,ROUTING,RESOLVE,27389006448778,<29634534.206435.1680000849959@test3.com>,066694bd-bf3b-497b-a1d3-08db2f7ac5dc,mail1@test.com,,27289,1,old1@test.com,,SUBJECT-001,test@test.com,test@test.com,,Incoming,,,,S:DeliveryPriority=Normal;S:AccountForest=test.com,Email,a785cbe6-132d-48f6-9a37-08db2f7ac7d2,15.01.2507.023"  # noqa: E501


@pytest.fixture(params=[True, False], ids=["fast", "slow"])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Both ways of reading must say the same."""
    return tmp_path / "landing" if request.param else None


def of(event: dict[str, Any], *names: str) -> list[Any]:
    return [event.get(name) for name in names]


def test_rows_of_2019_without_a_header(landing: Path | None) -> None:
    found = parse("exchange", MODERN, landing, file="MSGTRK2024012515-1.LOG")
    assert not found.unparsed
    shadow, received, sent, relayed, noticed = found.events
    assert of(shadow, "event", "original", "server", "said") == ["agent", "HAREDIRECTFAIL", "exchange-mail", None]
    assert of(received, "event", "begins", "server", "internal_message_id", "bytes") == [
        "receive",
        True,
        "exchange-mail",
        "70912345566403",
        7229,
    ]
    assert of(received, "original_client_ip", "client_ip", "program") == ["10.11.12.13", "10.11.12.14", "transport"]
    assert received["time"] == datetime(2024, 1, 25, 15, 16, 9, 949000)  # noqa: DTZ001 the tables hold UTC without a zone
    assert of(sent, "server", "next_host", "delays", "delay_seconds") == ["exchange", "exchange.example.com", "TOTAL-HUB=1.921", 1.921]
    assert of(sent, "link_rule", "message_id") == [None, "20240107001234.567E6224C8@monitor.example.com"]
    assert '"original_arrival":"2024-01-07T00:00:05.535Z"' in sent["extra"]
    assert of(relayed, "link_rule", "link_id", "link_way") == ["internal-id", "5450313518243", "out"]
    assert of(relayed, "link_host", "sender") == ["aaaaaaaaaaaaa.bbbbbbbb.prod.outlook.com", ""]
    assert relayed["delays"] == "TOTAL-HUB=14.439"
    assert of(noticed, "event", "begins", "server") == ["submit", True, "helloworld"]
    assert noticed["known_as"] == "mapi:84dd42d9-8814-4758-a8bb-e8765d62ec90:190620893"


def test_all_25_fields_of_a_2019_row(landing: Path | None) -> None:
    names = ",".join(f"v{at}" for at in range(30)).split(",")
    names[0], names[7], names[8], names[9], names[14], names[15] = "2026-11-20T08:00:00.123Z", "SMTP", "RECEIVE", "77", "5", "1"
    names[11] = "6A638D201E63493A80A208DA9A4FF8DA"
    (event,) = parse("exchange", f"{HEAD_2013.replace(','.join(FORMS[27]), ','.join(FORMS[30]))}{','.join(names)}", landing).events
    fields = [
        "client_ip",
        "client_host",
        "server_ip",
        "server_host",
        "source_context",
        "connector",
        "source",
        "original",
        "internal_message_id",
        "message_id",
    ]
    fields += ["network_id", "recipient", "status", "bytes", "recipient_count", "related_recipient", "reference", "subject"]
    assert of(event, *fields) == [
        *("v1", "v2", "v3", "v4", "v5", "v6", "SMTP", "RECEIVE", "77", "v10"),
        *("6a638d20-1e63-493a-80a2-08da9a4ff8da", "v12", "v13", 5, 1, "v16", "v17", "v18"),
    ]
    rest = ("return_path", "message_info", "directionality", "tenant_id", "original_client_ip", "original_server_ip")
    assert of(event, *rest) == ["v20", "v21", "v22", "v23", "v24", "v25"]
    assert event["extra"] == '{"custom_data":"v26","header_sender":"v19","transport_traffic_type":"v27"}'


def test_the_store_and_the_hub_name_one_submission(landing: Path | None) -> None:
    told, received = parse("exchange", STORE, landing).events
    claim = "mapi:33345678-3232-2323-1111-08da9fd00918:63779422"
    assert of(told, "known_as", "internal_message_id", "link_rule") == [claim, None, None]
    assert of(received, "link_rule", "link_id", "link_way") == ["mapi-event", claim, "in"]
    assert of(received, "link_host", "server", "status") == ["server-hostname.domain.test", "server-hostname", "To"]


def test_2013_with_quotes_that_somebody_damaged(landing: Path | None) -> None:
    found = parse("exchange", HEAD_2013 + LINES_2013, landing)
    assert found.noise == {"exchange/header": 5}
    assert [of(event, "original", "recipient", "server", "part") for event in found.events] == [
        ["AGENTINFO", "someone@example.com", "ex13d13uwa001", 0],
        ["HAREDIRECT", "first@example.com", "ex13d13uwa001", 0],
        ["HAREDIRECT", "someone@example.com", "ex13d13uwa001", 1],
        ["HAREDIRECT", "third@example.com", "ex13d13uwa001", 2],
    ]
    assert '"damaged":true' in found.events[1]["extra"]
    assert {event["event"] for event in found.events} == {"agent"}


def test_2010_behind_a_byte_order_mark(landing: Path | None) -> None:
    found = parse("exchange", LINES_2010, landing, server="mbx1.example.com")
    (event,) = found.events
    assert of(event, "event", "server", "recipient") == ["submit", "mbx1.example.com", None]
    assert event["known_as"] == "mapi:279f077c-216f-4323-a9ee-48e50ffd3cad:269492708"


def test_2007_submission_and_delivery_by_the_hub(landing: Path | None) -> None:
    submitted, delivered = parse("exchange", f"#Fields: {','.join(FORMS[21])}\n{LINE_2007}\n{DELIVER_2007}", landing).events
    assert of(submitted, "event", "server", "subject", "network_id") == ["submit", "win2k3dc", "Coucou !", None]
    assert of(delivered, "event", "server", "next_host", "recipient") == ["deliver", "exch-hub-cup-01", "local", "a.user@spl.example"]


def test_resolve_names_the_address_before(landing: Path | None) -> None:
    (event,) = parse("exchange", RESOLVE, landing).events
    assert of(event, "event", "recipient", "related_recipient", "server") == ["resolve", "mail1@test.com", "old1@test.com", "server1"]


@pytest.mark.parametrize("text", [MODERN, STORE, HEAD_2013, LINES_2010, RESOLVE], ids=["2019", "store", "2013", "2010", "one row"])
def test_recognised(text: str) -> None:
    assert recognise(text.split("\n")) is FORMATS["exchange"]
