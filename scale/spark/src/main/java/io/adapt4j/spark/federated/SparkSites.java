package io.adapt4j.spark.federated;

import io.adapt4j.federated.FederatedException;
import io.adapt4j.federated.Site;
import io.adapt4j.federated.SiteJob;
import io.adapt4j.federated.SiteResult;
import io.adapt4j.federated.SiteRunner;
import io.adapt4j.spark.internal.train.ClusterChecks;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.PartitionPruningRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Trains the sites of a federated fine-tuning on the executors of a cluster. Each site is a
 * separate Spark job, so one failing does not affect the others.
 *
 * <pre>{@code
 * SparkSites sites = SparkSites.on(session);
 * FederatedReport report = FederatedFineTuner.builder()
 *     .site(Site.of("north", Path.of("/data/north.jsonl")).host("node-1"))
 *     .site(Site.of("south", Path.of("/data/south.jsonl")).host("node-2"))
 *     ...
 *     .build()
 *     .run(sites);
 * }</pre>
 *
 * <p>{@link #ofPartitions} makes each partition of a data frame a site, whose rows are read and
 * trained on in the task that computes the partition. The base model must be at the same path on
 * every machine, or on a hub. Immutable: every option returns a changed copy.
 */
public final class SparkSites implements SiteRunner {

  private static final Logger LOG = LoggerFactory.getLogger(SparkSites.class);
  private static final String PARTITION = "partition-";

  private final SparkSession session;
  private final @Nullable JavaRDD<String> rows;
  private final Duration timeout;
  private final String scratch;

  private SparkSites(
      SparkSession session, @Nullable JavaRDD<String> rows, Duration timeout, String scratch) {
    this.session = session;
    this.rows = rows;
    this.timeout = timeout;
    this.scratch = scratch;
  }

  /**
   * Runs sites that open their own data. Paths are read on the machine that trains; with {@link
   * Site#host} a site trains only on that machine.
   *
   * @param session the session of a cluster with executors; not Spark Connect
   * @return the runner
   */
  public static SparkSites on(SparkSession session) {
    return new SparkSites(session, null, Duration.ofHours(12), "");
  }

  /**
   * Creates a runner that treats each partition of a data frame as a site. Columns are named as
   * {@code Datasets.jsonl} reads them, such as {@code text}, or {@code prompt} and {@code
   * completion}. Rows stay where Spark computes the partition: give a frame whose partitions are
   * read there, without a shuffle.
   *
   * @param data at least one partition, none of them empty
   * @return the runner, whose {@link #sites} are passed to the builder
   */
  public static SparkSites ofPartitions(Dataset<Row> data) {
    return new SparkSites(data.sparkSession(), data.toJSON().toJavaRDD(), Duration.ofHours(12), "");
  }

  /**
   * Sets the time limit of a site per round, including waiting for an executor; default 12 hours. A
   * site that takes longer fails.
   *
   * @param longest a positive duration
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public SparkSites timeout(Duration longest) {
    if (longest.isNegative() || longest.isZero()) {
      throw new IllegalArgumentException("timeout: expected more than 0, found " + longest);
    }
    return new SparkSites(session, rows, longest, scratch);
  }

  /**
   * Sets the working folder on the executors' machines; default their temporary folder.
   *
   * @param folder an absolute path with room for a checkpoint, and for a base model if rounds
   *     change it
   * @return a changed copy
   */
  public SparkSites scratch(String folder) {
    return new SparkSites(session, rows, timeout, folder);
  }

  /**
   * Returns the partitions as sites.
   *
   * @return one site per partition, named {@code partition-0} and so on
   * @throws IllegalStateException if this runner is not {@link #ofPartitions}
   */
  public List<Site> sites() {
    JavaRDD<String> partitions = rows;
    if (partitions == null) {
      throw new IllegalStateException(
          "sites() belongs to SparkSites.ofPartitions(...); here sites open their own data");
    }
    List<Site> sites = new ArrayList<>();
    for (int i = 0; i < partitions.getNumPartitions(); i++) {
      sites.add(
          Site.of(
              PARTITION + i,
              () -> {
                throw new FederatedException(
                    "The rows of a partition are on the cluster; run this with the SparkSites they"
                        + " came from");
              }));
    }
    return List.copyOf(sites);
  }

  @Override
  public List<SiteResult> run(List<SiteJob> jobs) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(ClusterChecks.context(session));
    List<SiteResult> results = new ArrayList<>();
    Map<SiteJob, JavaFutureAction<List<SiteResult>>> running = new LinkedHashMap<>();
    List<Broadcast<SiteJob>> sent = new ArrayList<>();
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      for (SiteJob job : jobs) {
        Optional<String> problem = unsendable(job);
        if (problem.isPresent()) {
          results.add(job.failed(problem.get()));
          continue;
        }
        Broadcast<SiteJob> broadcast = context.broadcast(job);
        sent.add(broadcast);
        running.put(job, start(job, new SiteTask(broadcast, scratch)));
      }
      running.forEach((job, action) -> results.add(result(job, action, deadline)));
    } finally {
      running.values().forEach(action -> action.cancel(true));
      sent.forEach(broadcast -> broadcast.destroy());
    }
    return results;
  }

  private JavaFutureAction<List<SiteResult>> start(SiteJob job, SiteTask task) {
    JavaRDD<String> partitions = rows;
    if (partitions != null && job.site().startsWith(PARTITION)) {
      int wanted = Integer.parseInt(job.site().substring(PARTITION.length()));
      ClassTag<String> tag = ClassTag$.MODULE$.apply(String.class);
      return new JavaRDD<>(
              PartitionPruningRDD.create(partitions.rdd(), new OnlyPartition(wanted)), tag)
          .mapPartitions(lines -> List.of(task.train(lines)).iterator())
          .collectAsync();
    }
    List<String> hosts = job.host().map(List::of).orElse(List.of());
    Seq<String> preferred = CollectionConverters.asScala(hosts).toSeq();
    Seq<Tuple2<Integer, Seq<String>>> places =
        CollectionConverters.asScala(List.of(new Tuple2<>(0, preferred))).toSeq();
    ClassTag<Integer> tag = ClassTag$.MODULE$.apply(Integer.class);
    return new JavaRDD<>(session.sparkContext().makeRDD(places, tag), tag)
        .map(place -> task.train())
        .collectAsync();
  }

  private static SiteResult result(
      SiteJob job, JavaFutureAction<List<SiteResult>> action, long deadline) {
    try {
      long left = Math.max(0, deadline - System.nanoTime());
      List<SiteResult> found = action.get(left, TimeUnit.NANOSECONDS);
      return found.isEmpty() ? job.failed("the partition is not there any more") : found.get(0);
    } catch (TimeoutException e) {
      return job.failed(
          "took longer than the timeout; raise it, or give the cluster more executors");
    } catch (ExecutionException e) {
      LOG.warn("Site {} failed on Spark", job.site(), e);
      return job.failed("Spark gave it up: " + firstLine(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FederatedException("Interrupted while sites trained; resume to go on", e);
    }
  }

  private static String firstLine(@Nullable Throwable cause) {
    String text = String.valueOf(cause);
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }

  /** Returns the reason why a job cannot be serialized; empty if it can. */
  private static Optional<String> unsendable(SiteJob job) {
    try (ObjectOutputStream out = new ObjectOutputStream(OutputStream.nullOutputStream())) {
      out.writeObject(job);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(
          "it cannot be sent ("
              + e
              + "). Give the site a path, or SiteData that captures only what is serializable; the"
              + " options of training likewise.");
    }
  }
}
