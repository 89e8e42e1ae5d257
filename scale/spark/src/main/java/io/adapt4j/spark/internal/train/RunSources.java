package io.adapt4j.spark.internal.train;

import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.spark.data.ShardedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes the DataFrames of a run as shards, and sets them as its data. */
public final class RunSources {

  private final FrameSource train;
  private final @Nullable FrameSource validation;
  private final FineTuner.Builder run;
  private final Path output;
  private final List<Path> written = new ArrayList<>();

  private RunSources(
      FrameSource train, @Nullable FrameSource validation, FineTuner.Builder run, Path output) {
    this.train = train;
    this.validation = validation;
    this.run = run;
    this.output = output;
  }

  /** A run with its data. */
  public record Prepared(DescribedRun described, @Nullable RunData data) {}

  /**
   * Writes DataFrames and describes the run. A resumed run keeps its rows, since recomputing a
   * DataFrame guarantees neither the same rows nor their order.
   */
  public static Prepared prepare(
      @Nullable FrameSource train, @Nullable FrameSource validation, FineTuner.Builder run) {
    if (train == null) {
      if (validation != null) {
        throw refused("validation(...) needs data(...); a run's own data has its own split");
      }
      return new Prepared(DescribedRun.of(run.build().description()), null);
    }
    Path output =
        run.output().orElseThrow(() -> refused("no output: give the folder for checkpoints"));
    return new RunSources(train, validation, run, output).prepare();
  }

  private static SettingsException refused(String problem) {
    return SettingsException.ofFineTuning(List.of(problem));
  }

  private Prepared prepare() {
    Optional<String> prompts = train.check();
    if (validation != null) {
      validation.check();
    }
    try {
      Prepared found = described(shards(false));
      if (prompts.isPresent() && found.described().predictsNextTokens()) {
        throw refused(
            prompts.get()
                + " are prompts without answers: column 'completion' is missing. Name the answers"
                + " 'completion', or the texts to continue 'text'.");
      }
      boolean keeps = found.described().resumes() || written.size() == frames();
      return keeps ? found : described(shards(true));
    } catch (RuntimeException e) {
      written.forEach(RunSources::delete);
      throw e;
    }
  }

  private int frames() {
    return (train.folder(output).isPresent() ? 1 : 0)
        + (validation != null && validation.folder(output).isPresent() ? 1 : 0);
  }

  private Prepared described(RunData data) {
    run.dataset(data.open());
    return new Prepared(DescribedRun.of(run.build().description()), data);
  }

  private RunData shards(boolean replacing) {
    return new RunData(
        shards(train, replacing), validation == null ? null : shards(validation, replacing));
  }

  /** Returns the existing shards unless they are replaced; otherwise writes them. */
  private ShardedData shards(FrameSource source, boolean replacing) {
    Optional<Path> folder = source.folder(output);
    if (folder.isEmpty()
        || written.contains(folder.get())
        || (!replacing && source.isWritten(output))) {
      return source.shards(output);
    }
    delete(folder.get());
    written.add(folder.get());
    return source.write(output);
  }

  private static void delete(Path folder) {
    try {
      AtomicFolders.delete(folder);
    } catch (IOException e) {
      throw refused("data %s: deleting failed: %s".formatted(folder, e));
    }
  }
}
