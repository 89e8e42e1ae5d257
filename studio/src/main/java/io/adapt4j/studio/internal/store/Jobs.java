package io.adapt4j.studio.internal.store;

import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.serve.internal.http.DaemonThreads;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that takes longer than a request, one after the other. Results are in files that the work
 * writes; here is only what runs and what failed, which a new process begins again.
 */
public final class Jobs implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Jobs.class);

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(DaemonThreads.named("adapt4j-studio-work-"));

  private final Map<String, Job> jobs = new ConcurrentHashMap<>();

  /** Work that may fail. */
  @FunctionalInterface
  public interface Work {
    void run() throws IOException;
  }

  /** A piece of work. */
  public record Job(String name, Instant since, Optional<String> problem) {

    public boolean isRunning() {
      return problem.isEmpty();
    }
  }

  /** Returns the work of a key, if it runs or has failed. */
  public Optional<Job> job(String key) {
    return Optional.ofNullable(jobs.get(key));
  }

  /** Returns what runs or waits, the oldest first. */
  public List<Job> running() {
    List<Job> running = new ArrayList<>(jobs.values().stream().filter(Job::isRunning).toList());
    running.sort(Comparator.comparing(Job::since));
    return running;
  }

  /** Begins work, unless it runs. */
  public void begin(String key, String name, Work work) {
    Job job = new Job(name, Instant.now(), Optional.empty());
    Job earlier = jobs.putIfAbsent(key, job);
    if (earlier != null && (earlier.isRunning() || !jobs.replace(key, earlier, job))) {
      return;
    }
    thread.execute(
        () -> {
          Optional<String> problem = problem(key, work);
          if (problem.isEmpty()) {
            jobs.remove(key, job);
          } else {
            jobs.replace(key, job, new Job(name, job.since(), problem));
          }
        });
  }

  /** Forgets the failure of a key, so that the work can begin again. */
  public void reset(String key) {
    jobs.computeIfPresent(key, (same, job) -> job.isRunning() ? job : null);
  }

  private static Optional<String> problem(String key, Work work) {
    try {
      work.run();
      return Optional.empty();
    } catch (Adapt4jException | IOException | IllegalArgumentException | IllegalStateException e) {
      LOG.info("The work {} failed: {}", key, e.toString());
      return Optional.of(e.getMessage() == null ? e.toString() : e.getMessage());
    } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
      LOG.error("The work {} failed.", key, e);
      return Optional.of(e.toString());
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
