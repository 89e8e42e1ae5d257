package io.adapt4j.cli;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.RagBuilder;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.RelevanceScorer;
import io.adapt4j.serve.rag.RagAnswers;
import io.adapt4j.serve.speech.ServedTranscriber;
import io.adapt4j.speech.SpeechTranscriber;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Further models and indexes of a server, each named after its folder. */
final class ServedParts {

  /** Options of prompts, responses and conversations that are kept between requests. */
  static final class Kept {

    private static final long GIB = 1L << 30;
    private static final int DEFAULT_GIB = 10;
    private static final long CONVERSATION_BYTES = 256L << 20;
    private static final int KEY_BYTES = 32;
    private static final int MOST_KEY_BYTES = 4096;

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
                + " when the server ends.")
    private @Nullable Path promptFolder;

    @Option(
        names = "--prompt-cache-gib",
        paramLabel = "N",
        description = "GiB of the files in --prompt-cache-folder; default " + DEFAULT_GIB + ".")
    private @Nullable Integer promptGib;

    @Option(
        names = "--conversations",
        paramLabel = "FOLDER",
        description =
            "Folder of responses and conversations that requests can continue; default in memory"
                + " alone.")
    private @Nullable Path conversations;

    @Option(
        names = "--storage-key-file",
        paramLabel = "FILE",
        description =
            "File with a key of 64 hexadecimal digits, which encrypts the files of"
                + " --prompt-cache-folder and --conversations.")
    private @Nullable Path keyFile;

    @Option(
        names = "--max-conversations",
        paramLabel = "N",
        defaultValue = "10000",
        description =
            "Most responses and conversations that are stored; default ${DEFAULT-VALUE}, 0 for none.")
    private int maxConversations;

    private byte @Nullable [] key;

    @Option(
        names = "--conversation-hours",
        paramLabel = "N",
        defaultValue = "24",
        description =
            "Hours after its last use until a response or conversation is dropped; default"
                + " ${DEFAULT-VALUE}.")
    private int conversationHours;

    /** Applies the options of the server, and checks those of the model. */
    void apply(ModelServer.Builder settings) {
      if (conversations != null) {
        settings.conversationFolder(Destination.folder("--conversations", conversations));
      }
      requireLeast("--max-conversations", maxConversations, 0);
      requireLeast("--conversation-hours", conversationHours, 1);
      settings.limitConversations(
          maxConversations, CONVERSATION_BYTES, Duration.ofHours(conversationHours));
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
      if (keyFile != null) {
        if (promptFolder == null && conversations == null) {
          throw new IllegalArgumentException(
              "--storage-key-file: expected only with --prompt-cache-folder or --conversations."
                  + " Give a folder too.");
        }
        key = key(keyFile);
        settings.encryptConversations(key);
      }
    }

    private static byte[] key(Path file) {
      try {
        if (Files.size(file) <= MOST_KEY_BYTES) {
          byte[] key = HexFormat.of().parseHex(Files.readString(file).strip());
          if (key.length == KEY_BYTES) {
            return key;
          }
        }
      } catch (IOException e) {
        throw new IllegalArgumentException(
            "--storage-key-file: " + file + " cannot be read. Give a file that can.", e);
      } catch (IllegalArgumentException e) {
        // The message would show a part of the key.
      }
      throw new IllegalArgumentException(
          "--storage-key-file: expected 64 hexadecimal digits in "
              + file
              + ". Make a key, for example with: openssl rand -hex 32");
    }

    private static void requireLeast(String option, int value, int least) {
      if (value < least) {
        throw new IllegalArgumentException(
            "%s: expected at least %d, found %d. Correct the option."
                .formatted(option, least, value));
      }
    }

    void apply(LanguageModel model) {
      if (key != null) {
        model.encryptPrompts(key);
      }
      if (promptFolder != null) {
        model.keepPromptsIn(promptFolder, GIB * (promptGib == null ? DEFAULT_GIB : promptGib));
      }
    }
  }

  @Option(
      names = "--named-adapter",
      paramLabel = "NAME=FOLDER",
      description =
          "An adapter that requests ask for by its name in place of the model's. May be given more"
              + " than once.")
  private final Map<String, Path> adapters = new LinkedHashMap<>();

  @Option(
      names = "--embedder",
      paramLabel = "FOLDER",
      description = "A model for /v1/embeddings, called by the name of its folder.")
  private @Nullable Path embedder;

  @Option(
      names = "--reranker",
      paramLabel = "FOLDER",
      description =
          "A model for /v1/rerank that classifies pairs of texts, called by the name of its"
              + " folder.")
  private @Nullable Path reranker;

  @Option(
      names = "--classifier",
      paramLabel = "FOLDER",
      description = "A model for /v1/classify, called by the name of its folder.")
  private @Nullable Path classifier;

  @Option(
      names = "--index",
      paramLabel = "FOLDER",
      description =
          "An index of 'adapt4j rag index', from which the model answers at /v1/rag/ask, called by"
              + " the name of its folder.")
  private @Nullable Path index;

  @Option(
      names = "--index-embedder",
      paramLabel = "MODEL",
      description =
          "The model of the index's vectors, the one that it was made with: a folder, or"
              + " OWNER/NAME on a hub. Default: all-MiniLM-L6-v2, which comes with the command.")
  private @Nullable String indexEmbedder;

  ServedParts() {}

  /** Opened parts, closed in reverse order. */
  static final class Opened implements AutoCloseable {

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    <T extends AutoCloseable> T keep(T part) {
      parts.push(part);
      return part;
    }

    @Override
    public void close() {
      parts.forEach(Opened::close);
    }

    private static void close(AutoCloseable part) {
      try {
        part.close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** A model that transcribes recordings. */
  static final class Transcriber {

    private static final String NAME = "--transcriber";

    @Option(
        names = NAME,
        paramLabel = "FOLDER",
        description =
            "A Whisper model for /v1/audio/transcriptions, called by the name of its folder.")
    private @Nullable Path folder;

    Transcriber() {}

    /** Checks the path before the language model is loaded. */
    void requirePath() {
      if (folder != null) {
        requireModel(NAME, folder);
      }
    }

    /** Loads the model, if one is given, and adds it to a server. */
    void open(ModelServer.Builder server, Opened opened) {
      if (folder != null) {
        SpeechTranscriber model = opened.keep(SpeechTranscriber.load(ModelSource.path(folder)));
        server.transcriber(nameOf(folder), new ServedTranscriber(model));
      }
    }
  }

  /** Checks the named paths before the language model is loaded. */
  void requirePaths() {
    adapters.values().forEach(folder -> Adapters.requireAdapter("--named-adapter", folder));
    if (embedder != null) {
      requireModel("--embedder", embedder);
    }
    if (reranker != null) {
      requireModel("--reranker", reranker);
    }
    if (classifier != null) {
      requireModel("--classifier", classifier);
    }
    if (index != null) {
      RagFolder.requireIndex(index);
    }
  }

  private static void requireModel(String option, Path model) {
    if (!Files.exists(model)) {
      throw new IllegalArgumentException(
          option
              + ": expected the folder of a model, found "
              + Destination.described(model)
              + ", which is not there. Correct the path.");
    }
    ModelSource.path(model).folder();
  }

  /**
   * Loads the parts and adds them to a server.
   *
   * @param maxNewTokens token limit of answers from the index, or null
   */
  Opened open(
      ModelServer.Builder server,
      LanguageModel model,
      boolean anyChatTemplate,
      @Nullable Integer maxNewTokens) {
    Opened opened = new Opened();
    try {
      adapters.forEach(
          (name, folder) -> model.addAdapter(name, Adapters.read(folder, anyChatTemplate)));
      if (embedder != null) {
        TextEmbedder vectors = opened.keep(TextEmbedder.load(ModelSource.path(embedder)));
        server.embedder(nameOf(embedder), vectors);
      }
      if (reranker != null) {
        TextClassifier pairs = opened.keep(TextClassifier.load(ModelSource.path(reranker)));
        server.reranker(nameOf(reranker), RelevanceScorer.of(pairs));
      }
      if (classifier != null) {
        server.classifier(
            nameOf(classifier), opened.keep(TextClassifier.load(ModelSource.path(classifier))));
      }
      if (index != null) {
        server.questionAnswering(
            nameOf(index), new RagAnswers(rag(index, model, maxNewTokens, opened)));
      } else if (indexEmbedder != null) {
        throw new IllegalArgumentException(
            "--index-embedder: expected --index beside it, found none. Name the index.");
      }
      return opened;
    } catch (IOException e) {
      opened.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private Rag rag(Path folder, LanguageModel model, @Nullable Integer maxNewTokens, Opened opened)
      throws IOException {
    RagFolder.requireIndex(folder);
    LocalEmbeddings vectors =
        opened.keep(
            indexEmbedder == null
                ? MiniLm.load()
                : LocalEmbeddings.load(
                    ModelSource.path(ModelArgument.folder("--index-embedder", indexEmbedder))));
    RagBuilder builder = Rag.builder().index(folder).embeddings(vectors).generator(model);
    if (maxNewTokens != null) {
      GenerationOptions options =
          GenerationOptions.greedy().toBuilder().maxNewTokens(maxNewTokens).build();
      builder.answering(AnswerOptions.builder().generation(options).build());
    }
    return opened.keep(RagFolder.open(builder, "--index-embedder"));
  }

  static String nameOf(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return last == null ? "model" : last.toString();
  }
}
