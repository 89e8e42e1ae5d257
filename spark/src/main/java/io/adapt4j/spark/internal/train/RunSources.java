package io.adapt4j.spark.internal.train;

import io.adapt4j.core.FineTuner;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.spark.data.ShardedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes shards of the DataFrames of a run, and sets them as its data. */
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

  /**
   * A run with its data.
   *
   * @param data its shards; null for what is described
   */
  public record Prepared(DescribedRun described, @Nullable RunData data) {}

  /**
   * Writes what is a DataFrame, and describes the run. A run that goes on keeps the rows it has,
   * since a DataFrame that is computed again promises neither the same rows nor their order.
   *
   * @param train rows to train on; null for the run's own data
   * @param validation rows to validate with; null for none
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

  /** Those there are, unless they are replaced; else they are written, once. */
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
