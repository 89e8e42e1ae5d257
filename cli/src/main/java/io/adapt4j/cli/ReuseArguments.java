package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.serve.ConversationStorage;
import io.adapt4j.serve.ModelServer;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Option;

/** Options of what a server keeps between requests: prompts, responses and conversations. */
final class ReuseArguments {

  private static final long GIB = 1L << 30;
  private static final int DEFAULT_GIB = 10;

  @Option(
      names = "--exact-reuse",
      description =
          "Reuse of earlier prompts only what changes no bit of an answer, and compute the rest"
              + " again.")
  private boolean exact;

  @Option(
      names = "--prompt-cache-folder",
      paramLabel = "FOLDER",
      description =
          "Folder that takes prompts for which the cache in memory has no room, and those there"
              + " when the server ends. They are not encrypted.")
  private Path promptFolder;

  @Option(
      names = "--prompt-cache-gib",
      paramLabel = "N",
      description = "GiB of the files in --prompt-cache-folder; default " + DEFAULT_GIB + ".")
  private Integer promptGib;

  @Option(
      names = "--conversations",
      paramLabel = "FOLDER",
      description =
          "Folder of responses and conversations that requests can continue; default in memory"
              + " alone. They are not encrypted.")
  private Path conversations;

  @Option(
      names = "--max-conversations",
      paramLabel = "N",
      description = "Most responses and conversations that are stored; default 10000, 0 for none.")
  private Integer maxConversations;

  @Option(
      names = "--conversation-hours",
      paramLabel = "N",
      description = "Hours after its last use until one is dropped; default 24.")
  private Integer conversationHours;

  /** Applies the options of the server, and checks those of the model. */
  void apply(ModelServer.Builder settings) {
    ConversationStorage storage = ConversationStorage.defaults();
    if (conversations != null) {
      storage = storage.withFolder(Destination.folder("--conversations", conversations));
    }
    if (maxConversations != null) {
      requireLeast("--max-conversations", maxConversations, 0);
      storage = storage.withEntries(maxConversations);
    }
    if (conversationHours != null) {
      requireLeast("--conversation-hours", conversationHours, 1);
      storage = storage.withAge(Duration.ofHours(conversationHours));
    }
    settings.conversations(storage);
    if (exact) {
      settings.reusePromptsExactly();
    }
    if (promptGib != null) {
      requireLeast("--prompt-cache-gib", promptGib, 1);
      if (promptFolder == null) {
        throw new IllegalArgumentException(
            "--prompt-cache-gib: expected only with --prompt-cache-folder. Give the folder too.");
      }
    }
    if (promptFolder != null) {
      Destination.folder("--prompt-cache-folder", promptFolder);
    }
  }

  private static void requireLeast(String option, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(
          "%s: expected at least %d, found %d. Correct the option."
              .formatted(option, least, value));
    }
  }

  /** Applies the options of the model. */
  void apply(LanguageModel model) {
    if (promptFolder != null) {
      model.keepPromptsIn(promptFolder, GIB * (promptGib == null ? DEFAULT_GIB : promptGib));
    }
  }
}
