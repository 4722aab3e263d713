//! Timers of timer_create(2).

mod cpu_time;
mod errors;
mod limits;
mod notification;
mod overrun;
mod threads;
