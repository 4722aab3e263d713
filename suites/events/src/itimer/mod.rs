//! Interval timers and alarms: setitimer(2), alarm(2).

mod alarm;
mod cpu_time;
mod errors;
mod kinds;
