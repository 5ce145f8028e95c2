//! One caller of a storm: call after call, many of them given up.

use std::sync::Arc;
use std::time::Duration;

use folio_testkit::Random;

use super::calls::{Call, make};
use super::stage::Stage;
use crate::cut_short::cut_short;

/// Longest time that a call gets before it is dropped, in microseconds.
const TIME_OUT_MICROS: u64 = 500;

/// Polls after which a call is dropped, at most.
const POLLS: u64 = 5;

/// How a call ends.
enum Ending {
    ByItself,
    AfterPolls(u64),
    AfterTime(Duration),
    Aborted(u64),
}

/// Makes so many calls.
pub(super) async fn run(me: u64, calls: u64, stage: Arc<Stage>, mut random: Random) -> Result<(), String> {
    for _ in 0..calls {
        let call = Call::random(&mut random);
        let made = make(call, me, Arc::clone(&stage), Random::new(random.bits()));
        let ended = match ending(&mut random) {
            Ending::ByItself => Some(made.await),
            Ending::AfterPolls(polls) => cut_short(made, polls).await,
            Ending::AfterTime(time) => tokio::time::timeout(time, made).await.ok(),
            Ending::Aborted(yields) => {
                let engine = stage.engine.clone();
                let task = tokio::spawn(async move { engine.scope(made).await });
                for _ in 0..yields {
                    tokio::task::yield_now().await;
                }
                task.abort();
                match task.await {
                    Ok(ended) => Some(ended),
                    Err(error) if error.is_cancelled() => None,
                    Err(error) => return Err(error.to_string()),
                }
            }
        };
        stage.ledger.count(ended.is_none());
        ended.unwrap_or(Ok(()))?;
    }
    Ok(())
}

fn ending(random: &mut Random) -> Ending {
    match random.within(0..100) {
        0..40 => Ending::ByItself,
        40..65 => Ending::AfterPolls(random.within(1..POLLS)),
        65..80 => Ending::AfterTime(Duration::from_micros(random.within(0..TIME_OUT_MICROS))),
        _ => Ending::Aborted(random.within(0..6)),
    }
}
