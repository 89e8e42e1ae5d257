package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Adapters and chat template of a language model. */
final class ModelSetup {

  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      description = "An adapter to put on the model. May be given more than once.")
  private final List<Path> adapters = new ArrayList<>();

  @Mixin private Adapters.Template template;

  ModelSetup() {}

  boolean hasAdapters() {
    return !adapters.isEmpty();
  }

  /** Returns whether another chat template than that of the training may be used. */
  boolean allowsAnyChatTemplate() {
    return template.allowsAny();
  }

  List<Path> adapters() {
    return List.copyOf(adapters);
  }

  /** Rejects a chat template for models of other kinds. */
  void requireNoTemplate() {
    Sequences.refuse(Map.of("--chat-template", template.isNamed() || template.allowsAny()));
  }

  /** Loads the model with its adapters and template; closed by the caller. */
  LanguageModel load(Path folder) {
    return load(folder, template.adapters(adapters));
  }

  /** Loads the base model with the template; closed by the caller. */
  LanguageModel loadBase(Path folder) {
    return load(folder, new Adapter[0]);
  }

  private LanguageModel load(Path folder, Adapter[] chosen) {
    Optional<ChatTemplate> resolved = template.resolve();
    LanguageModel model = LanguageModel.load(ModelSource.path(folder), chosen);
    try {
      resolved.ifPresent(found -> template.use(model, found));
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }
}
