package io.adapt4j.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Reads adapters named on the command line. */
final class Adapters {

  private static final String CONFIG = "adapter_config.json";
  private static final JsonMapper MAPPER = new JsonMapper();

  private Adapters() {}

  static Adapter read(Path folder, boolean anyChatTemplate) {
    requireAdapter(folder);
    if (isOfAnotherKind(folder)) {
      return Adapter.at(folder);
    }
    LoraAdapter adapter = LoraAdapter.at(folder);
    return anyChatTemplate ? adapter.withAnyChatTemplate() : adapter;
  }

  /** A chat template to use instead of the model's. */
  static final class Template {

    @Option(
        names = "--chat-template",
        paramLabel = "TEMPLATE",
        description =
            "The chat template in place of the model's: a name (chatml, llama3, gemma, ...), a file"
                + " in Jinja, or a model folder.")
    private @Nullable String name;

    @Option(
        names = "--any-chat-template",
        description = "Use another chat template than the model or the adapter was trained in.")
    private boolean any;

    Template() {}

    boolean isNamed() {
      return name != null;
    }

    /** Returns whether another template than that of the training may be used. */
    boolean allowsAny() {
      return any;
    }

    Optional<ChatTemplate> resolve() {
      return Optional.ofNullable(name).map(ChatTemplate::resolve);
    }

    void use(LanguageModel model, ChatTemplate chosen) {
      if (any) {
        model.useAnyChatTemplate(chosen);
      } else {
        model.useChatTemplate(chosen);
      }
    }

    /** Reads adapters that the template may be used with. */
    Adapter[] adapters(List<Path> folders) {
      return folders.stream().map(folder -> read(folder, any)).toArray(Adapter[]::new);
    }
  }

  /** Checks that a folder holds an adapter; a run's output folder holds them one level below. */
  static void requireAdapter(Path folder) {
    requireAdapter("--adapter", folder);
  }

  /** Checks that a folder holds an adapter. */
  static void requireAdapter(String option, Path folder) {
    if (Files.exists(folder.resolve(CONFIG))) {
      return;
    }
    String below =
        Files.exists(folder.resolve("best").resolve(CONFIG))
            ? " Name " + folder.resolve("best") + "."
            : Files.exists(folder.resolve("last").resolve(CONFIG))
                ? " Name " + folder.resolve("last") + "."
                : " Name the folder 'best' or 'last' of a run that trained one.";
    throw new IllegalArgumentException(
        "%s: expected a folder with %s, found %s.%s"
            .formatted(option, CONFIG, found(folder), below));
  }

  private static String found(Path folder) {
    if (!Files.exists(folder)) {
      return Destination.described(folder) + ", which is not there";
    }
    return Files.isDirectory(folder)
        ? "none in " + Destination.described(folder)
        : "the file " + Destination.described(folder);
  }

  /** Returns whether it is no LoRA adapter; damaged files are reported by the LoRA reader. */
  private static boolean isOfAnotherKind(Path folder) {
    try {
      String type = MAPPER.readTree(folder.resolve(CONFIG).toFile()).path("peft_type").asText();
      return !type.isEmpty() && !type.equalsIgnoreCase("LORA");
    } catch (IOException e) {
      return false;
    }
  }
}
