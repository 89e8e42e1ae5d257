package io.adapt4j.studio.internal.run;

import io.adapt4j.serve.internal.http.DaemonThreads;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts runs one after the other, each as a process that outlives the studio. All that is known is
 * in files, so that a studio started again finds its runs as they are by then.
 */
public final class RunQueue implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RunQueue.class);

  private static final long EVERY_MILLIS = 500;

  private final Runs runs;
  private final Trainer trainer;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("adapt4j-studio-runs-"));

  public RunQueue(Runs runs, Trainer trainer) {
    this.runs = runs;
    this.trainer = trainer;
    // It ends with the clock, and notes its own failures.
    var unused = clock.scheduleWithFixedDelay(this::turn, 0, EVERY_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void turn() {
    try {
      look();
    } catch (IOException | RuntimeException e) {
      LOG.warn("The queue of runs could not be worked on.", e);
    }
  }

  /** Notes what has ended, and starts the next. */
  private synchronized void look() throws IOException {
    List<Run> all = new ArrayList<>(runs.all());
    boolean busy = false;
    for (Run run : all) {
      if (run.state() == State.RUNNING) {
        if (isAlive(run)) {
          busy = true;
        } else {
          runs.save(run.in(end(run), 0));
        }
      }
    }
    Optional<Run> next =
        all.stream()
            .filter(run -> run.state() == State.QUEUED)
            .min(Comparator.comparing(Run::changed));
    if (!busy && next.isPresent()) {
      start(next.get());
    }
  }

  /** A number of a process that is used again belongs to one that began later. */
  private static boolean isAlive(Run run) {
    return process(run).isPresent();
  }

  private static Optional<ProcessHandle> process(Run run) {
    return ProcessHandle.of(run.pid())
        .filter(ProcessHandle::isAlive)
        .filter(
            process ->
                process
                    .info()
                    .startInstant()
                    .map(began -> !began.isAfter(run.changed().plusSeconds(5)))
                    .orElse(true));
  }

  private State end(Run run) throws IOException {
    RunMetrics metrics = new RunMetrics(runs.output(run.id()));
    metrics.read();
    return switch (metrics.endedBecause()) {
      case "COMPLETED", "EARLY_STOPPED" -> State.DONE;
      case "FAILED" -> State.FAILED;
      default -> {
        if (run.wish() != State.RUNNING) {
          yield run.wish();
        }
        yield hasStates(run) ? State.INTERRUPTED : State.FAILED;
      }
    };
  }

  private void start(Run run) throws IOException {
    List<String> words = new ArrayList<>(List.of("train", runs.description(run.id()).toString()));
    if (hasStates(run)) {
      words.add("--resume");
    } else if (Files.exists(runs.output(run.id()))) {
      words.add("--overwrite");
    }
    try {
      Process process = trainer.start(words, runs.log(run.id()));
      runs.save(run.in(State.RUNNING, process.pid()));
    } catch (IOException | IllegalStateException e) {
      Files.writeString(runs.log(run.id()), e.getMessage() + "\n");
      runs.save(run.in(State.FAILED, 0));
    }
  }

  /** Returns whether there is a saved state to go on from. */
  private boolean hasStates(Run run) throws IOException {
    Path states = runs.output(run.id()).resolve("states");
    if (!Files.isDirectory(states)) {
      return false;
    }
    try (Stream<Path> all = Files.list(states)) {
      return all.findAny().isPresent();
    }
  }

  /** Asks a run to end in a state; a running one saves first. */
  public synchronized void end(String id, State wish) throws IOException {
    Run run = runs.get(id);
    if (!run.state().isActive()) {
      throw new Refusal(409, "refused_inactive");
    }
    if (run.state() == State.QUEUED) {
      runs.save(run.in(wish, 0));
      return;
    }
    runs.save(run.wishing(wish));
    process(run).ifPresent(ProcessHandle::destroy);
  }

  /** Ends a run at once, without saving. */
  public synchronized void kill(String id) throws IOException {
    Run run = runs.get(id);
    if (run.state() != State.RUNNING) {
      throw new Refusal(409, "refused_inactive");
    }
    process(run).ifPresent(ProcessHandle::destroyForcibly);
  }

  /** Puts a run that has ended at the end of the queue, to go on from what it saved. */
  public synchronized void resume(String id) throws IOException {
    Run run = runs.get(id);
    if (!run.state().canResume()) {
      throw new Refusal(409, "refused_active");
    }
    runs.save(run.in(State.QUEUED, 0));
  }

  /** Ends the queue; a run that has begun goes on. */
  @Override
  public void close() {
    clock.shutdownNow();
  }
}
