"""The one table of the metrics: name, type, unit, labels and help of each. What is shown, and docs/metrics.md, derive from it.

Names that the blackbox exporter has keep its meaning. No label ever holds an address, a message id or a peer's words.
"""

from __future__ import annotations

from console.metrics_metric import OWN, Metric
from console.metrics_tracking import TRACKING
from probe.kinds import KINDS

WIDE = 5_000  # above so many checks, steps are histograms per server
MANY_TRIPS = 500  # above so many journeys, histograms of trips are over all of them
CHECK = ("site", "domain", "server", "kind")
SERVER = ("site", "server", "kind")
TRIP = ("site", "domain", "trip")

FRESH = "While the check is fresh: its last run is younger than 2.5 intervals."
NARROW_ONLY = f"Up to {WIDE:,} checks; above, see mailsonde_step_seconds. While the check is fresh."

CHECKS = (
    Metric(
        "probe_success",
        "gauge",
        "Whether the last run was answered as it should be (1) or met a fault (0).",
        CHECK,
        shown="While the check is fresh, unless the fault was the prober's own (OURS).",
    ),
    Metric("probe_duration_seconds", "gauge", "How long the last run took.", CHECK, "seconds", FRESH),
    Metric(
        "probe_ssl_earliest_cert_expiry",
        "gauge",
        "When the server's certificate expires, as Unix time.",
        CHECK,
        "seconds",
        "While the check is fresh and was answered over TLS.",
    ),
    Metric("mailsonde_level", "gauge", "What the last run means: 0 OK, 1 UNKNOWN, 2 WARNING, 3 CRITICAL.", CHECK, shown=FRESH),
    Metric(
        "mailsonde_suspect",
        "gauge",
        "Whether the prober's own uncertainty could change that level (1): such a result must not page.",
        CHECK,
        shown=FRESH,
    ),
    Metric(
        "mailsonde_uncertainty_seconds", "gauge", "How far the prober may have falsified the last run's times.", CHECK, "seconds", FRESH
    ),
    Metric("mailsonde_last_run_timestamp_seconds", "gauge", "When the last run began, as Unix time.", CHECK, "seconds", FRESH),
    Metric(
        "mailsonde_threshold_seconds",
        "gauge",
        "The limit for the whole run that was in force at the last run.",
        (*CHECK, "level"),
        "seconds",
        "While the check is fresh and there is a limit; level is warning or critical.",
    ),
    Metric(
        "mailsonde_fault_info",
        "info",
        "What the last run failed of: the kind of the fault and the step under way.",
        (*CHECK, "fault", "step"),
        shown="While the check is fresh and its last run met a fault.",
    ),
    Metric("mailsonde_check_info", "info", "Every configured check, also before its first run.", (*CHECK, "host", "port", "security")),
)
PHASES = {
    kind: Metric(
        f"probe_{kind}_duration_seconds",
        "gauge",
        f"How long each step of the last {kind} run took.",
        (*CHECK, "phase"),
        "seconds",
        NARROW_ONLY,
    )
    for kind in KINDS
}
LOOKUP = Metric(
    "probe_dns_lookup_time_seconds", "gauge", "How long the look-up of the server's address took.", CHECK, "seconds", "At /probe alone."
)
SERVERS = (
    Metric("mailsonde_run_seconds", "histogram", "How long runs took, those with a fault left out.", SERVER, "seconds"),
    Metric("mailsonde_runs_total", "counter", "Runs of the schedule, by what they mean.", (*SERVER, "level")),
    Metric(
        "mailsonde_faults_total", "counter", "Runs of the schedule that met a fault, by its kind.", (*SERVER, "fault"), shown="Once seen."
    ),
    Metric("mailsonde_suspect_results_total", "counter", "Runs whose level the prober's own uncertainty could change.", SERVER),
)
STEPS = Metric(
    "mailsonde_step_seconds",
    "histogram",
    "How long each step took, those of runs with a fault left out.",
    (*SERVER, "phase"),
    "seconds",
    f"Above {WIDE:,} checks.",
)
TRIPS = (
    Metric(
        "mailsonde_trip_seconds",
        "histogram",
        "How long trips of test messages took; stage is total, submit, transit or retrieve.",
        (*TRIP, "stage"),
        "seconds",
        f"Above {MANY_TRIPS} journeys without domain and trip: over all of them.",
    ),
    Metric(
        "mailsonde_trip_outcomes_total",
        "counter",
        "Trips that have ended, by their outcome.",
        (*TRIP, "outcome"),
        shown=f"Each outcome, from the start; above {MANY_TRIPS} journeys those that were seen.",
    ),
    Metric(
        "mailsonde_trip_level",
        "gauge",
        "What the last trip means: 0 OK, 1 UNKNOWN, 2 WARNING, 3 CRITICAL; a late one counts while it is under way.",
        TRIP,
        shown="Once one has ended or is late, until none began for 2.5 intervals.",
    ),
    Metric(
        "mailsonde_trip_last_timestamp_seconds",
        "gauge",
        "When the last trip that has ended began, as Unix time.",
        TRIP,
        "seconds",
        "Once one has ended, until none began for 2.5 intervals.",
    ),
    Metric("mailsonde_trips_under_way", "gauge", "Trips that have not ended.", TRIP, shown="Once one has begun."),
    Metric(
        "mailsonde_hop_seconds",
        "histogram",
        "How long test messages took up to each server on their way, clock offsets corrected; hop is the server that took them.",
        ("site", "hop"),
        "seconds",
        "Once seen; beyond 200 servers, and for names that are none, hop is other.",
    ),
)
ROUNDS = (
    Metric("mailsonde_schedule_lateness_seconds", "histogram", "How long after they were due runs began.", OWN, "seconds"),
    Metric("mailsonde_missed_runs_total", "counter", "Runs that never began, because the one before was not over.", ("site", "server")),
    Metric(
        "mailsonde_held_back_runs_total", "counter", "Of the missed runs: because the server asked to be left alone.", ("site", "server")
    ),
    Metric("mailsonde_checks", "gauge", "Checks that are configured.", SERVER),
    Metric("mailsonde_runs_under_way", "gauge", "Conversations under way."),
    Metric("mailsonde_runs_waiting", "gauge", "Checks that are due and wait for their server's budget."),
    Metric("mailsonde_servers_backing_off", "gauge", "Places whose checks are held back because the server asked for it."),
    Metric("mailsonde_servers_banning", "gauge", "Places where we may be banned: connections fail, and only for us."),
    Metric("mailsonde_clock_steps_total", "counter", "Steps of the wall clock and suspends of the machine since the start."),
)
# Read by these names from what the prober's health measures: attribute -> metric.
PROBER = {
    "loop_lag_seconds": Metric(
        "mailsonde_loop_lag_seconds", "gauge", "The longest hold of the event loop in the last 15 s.", OWN, "seconds"
    ),
    "loop_holds_total": Metric("mailsonde_loop_holds_total", "counter", "Holds of the event loop."),
    "loop_held_seconds_total": Metric(
        "mailsonde_loop_held_seconds_total", "counter", "How long the event loop was held in all.", OWN, "seconds"
    ),
    "processor_wait_seconds_total": Metric(
        "mailsonde_processor_wait_seconds_total", "counter", "How long the prober was ready to run and got no processor.", OWN, "seconds"
    ),
    "gc_pauses_total": Metric("mailsonde_gc_pauses_total", "counter", "Garbage collections."),
    "gc_full_pauses_total": Metric("mailsonde_gc_full_pauses_total", "counter", "Of the garbage collections: of all generations."),
    "gc_pause_seconds_total": Metric(
        "mailsonde_gc_pause_seconds_total", "counter", "How long garbage collections took in all.", OWN, "seconds"
    ),
    "gc_longest_pause_seconds": Metric(
        "mailsonde_gc_longest_pause_seconds", "gauge", "The longest garbage collection since the start.", OWN, "seconds"
    ),
    "control_probe_seconds": Metric(
        "mailsonde_control_probe_seconds",
        "gauge",
        "How long the last probe of our own server on loopback took.",
        OWN,
        "seconds",
        "Once one has ended well.",
    ),
    "control_probe_failures_total": Metric("mailsonde_control_probe_failures_total", "counter", "Probes of our own server that failed."),
    "doubted_verdicts_total": Metric("mailsonde_doubted_verdicts_total", "counter", "Verdicts made suspect because the prober was sick."),
    "sick": Metric("mailsonde_prober_sick", "gauge", "Whether the prober doubts itself (1): then no result of it may page."),
    "sick_seconds_total": Metric("mailsonde_prober_sick_seconds_total", "counter", "How long the prober was sick in all.", OWN, "seconds"),
}
SICK_INFO = Metric(
    "mailsonde_prober_doubt_info", "info", "Why the prober doubts itself, in one word.", (*OWN, "reason"), shown="While it is sick."
)
# Likewise from what the round trips count.
TRIP_NUMBERS = {
    "begun": Metric("mailsonde_trips_begun_total", "counter", "Trips begun since the start."),
    "missed": Metric("mailsonde_trips_missed_total", "counter", "Trips that never began: the one before still waited for a budget."),
    "held_back": Metric("mailsonde_trips_held_back_total", "counter", "Trips not begun because many of their journey are under way."),
    "mailboxes_open": Metric("mailsonde_trip_mailboxes_open", "gauge", "Mailboxes that are watched now."),
    "not_written": Metric("mailsonde_trips_not_written", "gauge", "Trips whose latest news the disk refused to take."),
}
STORE = (
    Metric("mailsonde_store_queued_results", "gauge", "Results that wait for the disk."),
    Metric("mailsonde_store_committed_results_total", "counter", "Results written since the start."),
    Metric("mailsonde_store_lost_results_total", "counter", "Results lost since the start, because the disk took nothing for long."),
    Metric("mailsonde_store_broken", "gauge", "Whether nothing can be written, or something was found damaged (1)."),
    Metric("mailsonde_store_file_bytes", "gauge", "Size of the database and its write-ahead log.", OWN, "bytes"),
    Metric("mailsonde_store_last_commit_seconds", "gauge", "How long the last group commit took.", OWN, "seconds"),
)
CHANNEL = ("site", "channel")
ALARMS = (
    Metric("mailsonde_incidents_open", "gauge", "Incidents that are open, by their level.", (*OWN, "level")),
    Metric("mailsonde_incidents_total", "counter", "Incidents opened since the start, by the kind of their cause.", (*OWN, "kind")),
    Metric("mailsonde_outbox_depth", "gauge", "Changes and deliveries that still have to be told.", shown="Once they were counted."),
    Metric("mailsonde_outbox_oldest_seconds", "gauge", "How long the oldest of them waits; 0 when none does.", OWN, "seconds", "As above."),
    Metric(
        "mailsonde_deliveries_total",
        "counter",
        "Tries to tell; result is sent (proven), failed, refused (for good) or taken-over (by the next channel).",
        (*CHANNEL, "result"),
    ),
    Metric(
        "mailsonde_channel_last_proof_timestamp_seconds",
        "gauge",
        "When the far side last acknowledged a notice, as Unix time.",
        CHANNEL,
        "seconds",
        "Once it has.",
    ),
    Metric(
        "mailsonde_heartbeats_total",
        "counter",
        "Signs of life sent to whoever notices when they end; result is sent or failed.",
        (*OWN, "result"),
        shown="Where one is configured.",
    ),
    Metric(
        "mailsonde_heartbeat_last_timestamp_seconds",
        "gauge",
        "When one was last acknowledged, as Unix time.",
        OWN,
        "seconds",
        "Once one was.",
    ),
)
CONFIG = (
    Metric("mailsonde_config_last_reload_successful", "gauge", "Whether the configuration as it was last read was taken (1)."),
    Metric(
        "mailsonde_config_last_reload_success_timestamp_seconds",
        "gauge",
        "When a configuration was last taken, as Unix time.",
        OWN,
        "seconds",
    ),
)
BUILD = Metric("mailsonde_build_info", "info", "Which Mailsonde this is, and on which Python it runs.", (*OWN, "version", "python"))
PROCESS = (
    Metric("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.", (), "seconds"),
    Metric("process_open_fds", "gauge", "Number of open file descriptors.", ()),
    Metric("process_max_fds", "gauge", "Maximum number of open file descriptors.", ()),
    Metric("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", (), "bytes"),
    Metric("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", (), "bytes"),
    Metric("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.", (), "seconds"),
)

SECTIONS: dict[str, tuple[Metric, ...]] = {
    "Checks": (*CHECKS, *PHASES.values(), LOOKUP),
    "Servers": (*SERVERS, STEPS),
    "Trips": (*TRIPS, *TRIP_NUMBERS.values()),
    "Schedule": ROUNDS,
    "The prober itself": (*PROBER.values(), SICK_INFO),
    "Store": STORE,
    "Incidents and telling": ALARMS,
    "Message tracking": TRACKING,
    "Configuration and process": (*CONFIG, BUILD, *PROCESS),
}
METRICS: dict[str, Metric] = {metric.name: metric for section in SECTIONS.values() for metric in section}
