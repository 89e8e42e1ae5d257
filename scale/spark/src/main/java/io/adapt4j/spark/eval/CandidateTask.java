package io.adapt4j.spark.eval;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.internal.load.FolderIdentity;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.spark.internal.model.ModelPool;
import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.model.TaskStop;
import io.adapt4j.spark.internal.serial.Sent;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;

/** Answers the requests of a partition. */
record CandidateTask(ModelSpec spec, Kind kind, int atOnce) implements Serializable {

  private static final Duration IDLE = Duration.ofMinutes(1);

  /** Kind of model that answers. */
  enum Kind {
    TEXT,
    CHAT,
    CLASSIFIER
  }

  /** A reply with its numbers of tokens. */
  record Counted(Sent<Reply> reply, long promptTokens, long newTokens) implements Serializable {}

  /** Returns the identity of the model. */
  record Identity(ModelSpec spec, Kind kind) implements Serializable {

    String of(Integer ignored) {
      return new CandidateTask(spec, kind, 1).with(Candidate::identity);
    }
  }

  Iterator<Counted> replies(Iterator<Sent<Request>> requests) {
    if (!requests.hasNext()) {
      return Collections.emptyIterator();
    }
    TaskStop stop = TaskStop.ofThisTask();
    return with(candidate -> replies(candidate, requests, stop)).iterator();
  }

  private List<Counted> replies(
      Candidate candidate, Iterator<Sent<Request>> requests, TaskStop stop) {
    List<Counted> all = new ArrayList<>();
    List<Request> batch = new ArrayList<>();
    while (requests.hasNext()) {
      batch.add(requests.next().value());
      if (batch.size() == atOnce || !requests.hasNext()) {
        stop.throwIfStopped();
        Candidate.Replies got = candidate.reply(batch);
        for (int i = 0; i < got.replies().size(); i++) {
          // The time of a batch is counted with its first reply.
          all.add(
              new Counted(
                  Sent.of(got.replies().get(i)),
                  i == 0 ? got.promptTokens() : 0,
                  i == 0 ? got.newTokens() : 0));
        }
        batch.clear();
      }
    }
    return all;
  }

  private <R> R with(Function<Candidate, R> action) {
    TaskStop stop = TaskStop.ofThisTask();
    if (kind == Kind.CLASSIFIER) {
      try (ModelPool.Lease<TextClassifier> lease =
          ModelPool.shared()
              .lease("TextClassifier batchInvariant true", spec, IDLE, stop, this::classifier)) {
        return action.apply(Candidate.of(identity(), lease.model()));
      }
    }
    try (ModelPool.Lease<LanguageModel> lease =
        ModelPool.shared()
            .lease(
                "LanguageModel promptCacheBytes 0",
                spec,
                IDLE,
                stop,
                spec::loadWithoutPromptCache)) {
      return action.apply(
          kind == Kind.CHAT ? Candidate.chat(lease.model()) : Candidate.of(lease.model()));
    }
  }

  private TextClassifier classifier() {
    TextClassifier classifier =
        TextClassifier.load(spec.source(), spec.precision(), spec.adapters());
    classifier.batchInvariant(true);
    return classifier;
  }

  private String identity() {
    return "%s %s %s"
        .formatted(FolderIdentity.of(spec.source().folder()), spec.adapter(), spec.precision());
  }
}
