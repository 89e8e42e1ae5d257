package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.hub.HubException;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.vision.VisionLanguageModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The model argument of a command. */
final class ModelArgument {

  private static final Pattern REPOSITORY = Pattern.compile("([\\w.-]+/[\\w.-]+)(?:@([\\w./-]+))?");

  @Parameters(
      paramLabel = "MODEL",
      description = "A checkpoint folder, a GGUF file, or OWNER/NAME[@REVISION] on a hub.")
  private String model;

  /** Returns the argument as a path, which may not exist. */
  Path path() {
    return Path.of(model);
  }

  /**
   * Returns the model folder, or one that represents a model file; a hub model is downloaded if
   * needed.
   */
  Path folder() {
    return folder("MODEL", model);
  }

  static Path folder(String label, String model) {
    Path folder = Path.of(model);
    if (Files.exists(folder)) {
      return ModelSource.path(folder).folder();
    }
    Matcher repository = REPOSITORY.matcher(model);
    if (!repository.matches()) {
      throw new IllegalArgumentException(
          label
              + ": expected a folder, a GGUF file or OWNER/NAME of a hub, found "
              + model
              + ", which is none of them.");
    }
    String revision = repository.group(2) == null ? Hub.DEFAULT_REVISION : repository.group(2);
    try {
      return Hub.fromEnvironment().download(repository.group(1), revision);
    } catch (HubException e) {
      // A mistyped path may look like OWNER/NAME.
      throw new IllegalArgumentException(
          "%s: there is no folder %s, and on the hub: %s"
              .formatted(label, folder.toAbsolutePath().normalize(), e.getMessage()),
          e);
    }
  }

  /** A smaller model that drafts tokens for the model of a command. */
  static final class Draft {

    private static final String NAME = "--draft";

    /** Stands for the model's own layer; a folder of this name is ./mtp. */
    private static final String OWN_LAYER = "mtp";

    @Option(
        names = NAME,
        paramLabel = "MODEL",
        description =
            "A smaller model with the same tokenizer, which guesses tokens that the model then checks"
                + " together: the same text, sooner where it guesses well. mtp is the model's own"
                + " layer for further tokens, if it has one.")
    private @Nullable String draft;

    @Option(
        names = "--draft-tokens",
        paramLabel = "N",
        defaultValue = "4",
        description = "With --draft: guess up to N tokens at once. Default ${DEFAULT-VALUE}.")
    private int tokens;

    Draft() {}

    boolean isGiven() {
      return draft != null;
    }

    /** A draft model, closed after its use; nothing to close where none is given. */
    interface Opened extends AutoCloseable {
      @Override
      void close();
    }

    /** Loads the draft model, if one is given, and lets it draft. */
    Opened open(LanguageModel model) {
      if (draft == null) {
        return () -> {};
      }
      if (tokens < 1) {
        throw new IllegalArgumentException(
            "--draft-tokens: expected at least 1, found "
                + tokens
                + ". Give about 4, or leave out --draft.");
      }
      if (draft.equals(OWN_LAYER)) {
        model.useNextTokenLayer(tokens);
        return () -> {};
      }
      LanguageModel smaller = LanguageModel.load(ModelSource.path(folder(NAME, draft)));
      try {
        model.useDraft(smaller, tokens);
        return smaller::close;
      } catch (RuntimeException e) {
        smaller.close();
        throw e;
      }
    }
  }

  /** A language model, with its image tower if the folder has one. */
  record Loaded(LanguageModel texts, Optional<VisionLanguageModel> vision)
      implements AutoCloseable {

    static Loaded load(Path folder, Adapter... adapters) {
      ModelSource source = ModelSource.path(folder);
      if (!VisionLanguageModel.reads(source)) {
        return new Loaded(LanguageModel.load(source, adapters), Optional.empty());
      }
      VisionLanguageModel model = VisionLanguageModel.load(source, adapters);
      return new Loaded(model.languageModel(), Optional.of(model));
    }

    @Override
    public void close() {
      vision.ifPresentOrElse(VisionLanguageModel::close, texts::close);
    }
  }
}
