package io.adapt4j.spark.eval;

import io.adapt4j.core.model.Precision;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.serial.Sent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * A model that replies on the executors of a cluster. Replies, and thus metrics, equal those of the
 * model in one process, up to rounding differences between batches. An evaluator passes on requests
 * in batches of {@link io.adapt4j.eval.Evaluator.Builder#batch}: set it to thousands.
 *
 * <pre>{@code
 * Evaluator evaluator = Evaluator.builder().tasks(tasks).batch(10_000, 10_000).build();
 * EvaluationReport report =
 *     evaluator.evaluate(SparkCandidate.of(session, "/models/base").adapter("/models/tuned"));
 * }</pre>
 *
 * <p>Generation options with a constraint, biases or log probabilities are rejected.
 */
public final class SparkCandidate implements Candidate {

  private static final int AT_ONCE = 16;

  private final SparkSession session;
  private final ModelSpec spec;
  private final CandidateTask.Kind kind;
  private final int partitions;
  private @Nullable String identity;

  private SparkCandidate(
      SparkSession session, ModelSpec spec, CandidateTask.Kind kind, int partitions) {
    this.session = Objects.requireNonNull(session, "session");
    this.spec = spec;
    this.kind = kind;
    this.partitions = partitions;
  }

  /**
   * Evaluates a language model by its likelihoods and by its completions of raw prompts, in as many
   * tasks as the cluster has slots.
   *
   * @param session the session
   * @param modelPath a folder accessible to every executor, the name of a shipped one, or {@code
   *     hub:owner/name}, optionally with {@code @} and a revision
   * @return the candidate
   */
  public static SparkCandidate of(SparkSession session, String modelPath) {
    return new SparkCandidate(
        session,
        new ModelSpec(modelPath, "", Precision.AUTO),
        CandidateTask.Kind.TEXT,
        session.sparkContext().defaultParallelism());
  }

  /**
   * Attaches an adapter to the model.
   *
   * @param path a folder accessible to every executor, or the name of a shipped one
   * @return another candidate
   */
  public SparkCandidate adapter(String path) {
    return with(new ModelSpec(spec.model(), path, spec.precision()));
  }

  /**
   * Sets the type of weights and computation. Default: {@link Precision#AUTO}.
   *
   * @return another candidate
   */
  public SparkCandidate precision(Precision type) {
    return with(new ModelSpec(spec.model(), spec.adapter(), type));
  }

  private SparkCandidate with(ModelSpec other) {
    return new SparkCandidate(session, other, kind, partitions);
  }

  /**
   * Answers prompts as a user's messages in the model's chat template.
   *
   * @return another candidate
   */
  public SparkCandidate chat() {
    return new SparkCandidate(session, spec, CandidateTask.Kind.CHAT, partitions);
  }

  /**
   * Evaluates the output layer of a classifier, by tasks of classes by head.
   *
   * @return another candidate
   */
  public SparkCandidate classifier() {
    return new SparkCandidate(session, spec, CandidateTask.Kind.CLASSIFIER, partitions);
  }

  /**
   * Sets the number of tasks that requests are distributed to.
   *
   * @param tasks at least 1
   * @return another candidate
   * @throws IllegalArgumentException if it is below 1
   */
  public SparkCandidate partitions(int tasks) {
    if (tasks < 1) {
      throw new IllegalArgumentException("partitions: expected at least 1, found " + tasks);
    }
    return new SparkCandidate(session, spec, kind, tasks);
  }

  /** Returns the identity, queried once from an executor. */
  @Override
  public synchronized String identity() {
    String known = identity;
    if (known == null) {
      CandidateTask.Identity task = new CandidateTask.Identity(spec, kind);
      known = context().parallelize(List.of(0), 1).map(task::of).first();
      identity = known;
    }
    return known;
  }

  @Override
  public Replies reply(List<? extends Request> requests) {
    List<Sent<Request>> sent = requests.stream().map(request -> Sent.<Request>of(request)).toList();
    JavaRDD<CandidateTask.Counted> replies =
        context()
            .parallelize(sent, Math.max(1, Math.min(partitions, sent.size())))
            .mapPartitions(new CandidateTask(spec, kind, AT_ONCE)::replies);
    List<Reply> all = new ArrayList<>(requests.size());
    long promptTokens = 0;
    long newTokens = 0;
    for (CandidateTask.Counted reply : replies.collect()) {
      all.add(reply.reply().value());
      promptTokens += reply.promptTokens();
      newTokens += reply.newTokens();
    }
    return new Replies(all, promptTokens, newTokens);
  }

  private JavaSparkContext context() {
    return JavaSparkContext.fromSparkContext(session.sparkContext());
  }
}
