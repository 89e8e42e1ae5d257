package io.adapt4j.studio.internal.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.http.DaemonThreads;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Kind;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
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
  private static final int ANSWER_BYTES = 64 << 20;

  private final List<Runs> kinds;
  private final Trainer trainer;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("adapt4j-studio-runs-"));

  public RunQueue(List<Runs> kinds, Trainer trainer) {
    this.kinds = List.copyOf(kinds);
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
    boolean busy = false;
    Runs firstOf = null;
    Run first = null;
    for (Runs runs : kinds) {
      for (Run run : runs.all()) {
        if (run.state() == State.RUNNING) {
          if (process(run).isPresent()) {
            busy = true;
          } else {
            runs.save(run.in(end(runs, run), 0));
          }
        } else if (run.state() == State.QUEUED
            && (first == null || run.changed().isBefore(first.changed()))) {
          firstOf = runs;
          first = run;
        }
      }
    }
    if (!busy && first != null && firstOf != null) {
      start(firstOf, first);
    }
  }

  private static Optional<ProcessHandle> process(Run run) {
    return Processes.find(run.pid(), run.changed());
  }

  private static State end(Runs runs, Run run) throws IOException {
    return runs.kind() == Kind.TRAINING ? endOfTraining(runs, run) : endOfCommand(runs, run);
  }

  private static State endOfCommand(Runs runs, Run run) throws IOException {
    try {
      JsonNode answer = Json.parse(BoundedFiles.readText(runs.answer(run.id()), ANSWER_BYTES));
      if (answer.isObject()) {
        return answer.has("problems") ? State.FAILED : State.DONE;
      }
    } catch (JsonProcessingException | CharacterCodingException | NoSuchFileException e) {
      // It ended before it could answer.
    }
    return run.wish() == State.RUNNING ? State.INTERRUPTED : run.wish();
  }

  private static State endOfTraining(Runs runs, Run run) throws IOException {
    RunMetrics metrics = new RunMetrics(runs.output(run.id()));
    metrics.read();
    return switch (metrics.endedBecause()) {
      case "COMPLETED", "EARLY_STOPPED" -> State.DONE;
      case "FAILED" -> State.FAILED;
      default -> {
        if (run.wish() != State.RUNNING) {
          yield run.wish();
        }
        yield hasStates(runs, run) ? State.INTERRUPTED : State.FAILED;
      }
    };
  }

  private static List<String> training(Runs runs, Run run) throws IOException {
    List<String> words = new ArrayList<>(List.of("train", runs.description(run.id()).toString()));
    if (hasStates(runs, run)) {
      words.add("--resume");
    } else if (Files.exists(runs.output(run.id()))) {
      words.add("--overwrite");
    }
    return words;
  }

  private static List<String> command(Runs runs, Run run) throws IOException {
    List<String> words = new ArrayList<>();
    String text = BoundedFiles.readText(runs.description(run.id()), ANSWER_BYTES);
    Json.parse(text).forEach(word -> words.add(word.asText()));
    return words;
  }

  private void start(Runs runs, Run run) throws IOException {
    String id = run.id();
    try {
      Process process =
          runs.kind() == Kind.TRAINING
              ? trainer.start(training(runs, run), runs.log(id))
              : trainer.start(command(runs, run), runs.log(id), runs.answer(id));
      runs.save(run.in(State.RUNNING, process.pid()));
    } catch (IOException | IllegalStateException e) {
      Files.writeString(runs.log(run.id()), e.getMessage() + "\n");
      runs.save(run.in(State.FAILED, 0));
    }
  }

  /** Returns whether there is a saved state to go on from. */
  private static boolean hasStates(Runs runs, Run run) throws IOException {
    Path states = runs.output(run.id()).resolve("states");
    if (!Files.isDirectory(states)) {
      return false;
    }
    try (Stream<Path> all = Files.list(states)) {
      return all.findAny().isPresent();
    }
  }

  /** Asks a run to end in a state; a running one saves first. */
  public synchronized void end(Runs runs, String id, State wish) throws IOException {
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
  public synchronized void kill(Runs runs, String id) throws IOException {
    Run run = runs.get(id);
    if (run.state() != State.RUNNING) {
      throw new Refusal(409, "refused_inactive");
    }
    process(run).ifPresent(ProcessHandle::destroyForcibly);
  }

  /** Puts a run that has ended at the end of the queue, to go on from what it saved. */
  public synchronized void resume(Runs runs, String id) throws IOException {
    Run run = runs.get(id);
    if (!run.state().canResume()) {
      throw new Refusal(409, "refused_active");
    }
    runs.save(run.in(State.QUEUED, 0));
  }

  /** Ends the queue; a run that has begun continues. */
  @Override
  public void close() {
    clock.shutdownNow();
  }
}
