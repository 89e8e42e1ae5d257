package io.adapt4j.cli;

import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.feedback.ServedAnswer;
import io.adapt4j.serve.feedback.ServedFeedback;
import io.adapt4j.upkeep.cycle.RollbackGuard;
import io.adapt4j.upkeep.feedback.Feedback;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.Rating;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Option;

/** Options of recording answers and feedback. */
final class FeedbackArguments {

  @Option(
      names = "--feedback",
      paramLabel = "FOLDER",
      description =
          "The folder of a log of answers, and of feedback that /v1/feedback then takes. Texts are"
              + " stored only of requests with \"store\": true.")
  private Path folder;

  @Option(
      names = "--feedback-consent",
      description = "Store texts also of requests that do not say \"store\": false.")
  private boolean consent;

  @Option(
      names = "--feedback-days",
      paramLabel = "N",
      description = "Remove what is older from the log, at the start and every hour.")
  private Integer days;

  /** Lets a server record, and a guard know the ratings, if that is asked for. */
  void apply(ModelServer.Builder settings, Optional<RollbackGuard> guard) {
    if (folder == null) {
      if (consent || days != null) {
        throw new IllegalArgumentException(
            (consent ? "--feedback-consent" : "--feedback-days")
                + ": expected only with --feedback. Give the folder of the log too.");
      }
      return;
    }
    FeedbackLog.Builder log = FeedbackLog.at(folder);
    if (days != null) {
      FeedbackCommand.kept(log, "--feedback-days", days);
    }
    Recorder recorder = new Recorder(log.open(), consent, days != null, guard);
    recorder.expire();
    settings.recorder(recorder);
  }

  private static final class Recorder implements AnswerRecorder {

    private static final double NEUTRAL = 0.5;
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);

    private final FeedbackLog log;
    private final boolean consent;
    private final boolean expires;
    private final Optional<RollbackGuard> guard;

    private final AtomicLong expired = new AtomicLong(System.nanoTime());

    Recorder(FeedbackLog log, boolean consent, boolean expires, Optional<RollbackGuard> guard) {
      this.guard = guard;
      this.log = log;
      this.consent = consent;
      this.expires = expires;
    }

    void expire() {
      if (expires) {
        log.expire();
      }
    }

    @Override
    public void answered(ServedAnswer served) {
      String version = served.version().orElse(served.model());
      RecordedAnswer answer =
          RecordedAnswer.of(served.id(), version, served.messages(), served.text())
              .withConsent(served.store().orElse(consent));
      log.record(served.user().map(answer::withCustomer).orElse(answer));
      long last = expired.get();
      if (System.nanoTime() - last > HOUR && expired.compareAndSet(last, System.nanoTime())) {
        expire();
      }
    }

    @Override
    public boolean judged(ServedFeedback served) {
      Feedback feedback = Feedback.on(served.id()).withConsent(served.store().orElse(consent));
      feedback = served.rating().map(Rating::parse).map(feedback::rated).orElse(feedback);
      feedback = served.correction().map(feedback::corrected).orElse(feedback);
      feedback = served.preferredOver().map(feedback::preferredOver).orElse(feedback);
      feedback = served.flag().map(feedback::flagged).orElse(feedback);
      boolean known = log.add(served.user().map(feedback::withCustomer).orElse(feedback));
      if (known && guard.isPresent()) {
        // The log knows answers from before a restart, and those of other servers.
        served
            .rating()
            .map(Rating::parse)
            .ifPresent(
                rating -> log.version(served.id()).ifPresent(version -> rate(version, rating)));
      }
      return known;
    }

    private void rate(String version, Rating rating) {
      double score = rating.isGood() ? 1 : rating.isBad() ? 0 : NEUTRAL;
      guard.ifPresent(rated -> rated.add(version, score));
    }
  }
}
