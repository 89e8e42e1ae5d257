package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Suppliers;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import com.google.common.primitives.Bytes;
import io.adapt4j.core.FoldersInMemory;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.verification.ExampleFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Whole models of which one small file, or the head of a GGUF file, is damaged: they are loaded and
 * used, so that what a reader lets through meets the native code. The weights are as they were.
 */
final class ModelFolderTargets {

  private static final Path STORIES = ExampleFiles.example("models/stories260K");
  private static final String WEIGHTS = "model.safetensors";
  private static final List<String> FILES =
      List.of(
          "config.json",
          "generation_config.json",
          "special_tokens_map.json",
          "tokenizer.json",
          "tokenizer_config.json");

  /** Those that need no importance matrix. */
  private static final List<GgufQuantization> TYPES =
      Stream.of(GgufQuantization.values()).filter(type -> type != GgufQuantization.Q2_K_S).toList();

  private static final Map<GgufQuantization, Gguf> OF_TYPES = new ConcurrentHashMap<>();
  private static final GenerationOptions SHORT =
      GenerationOptions.builder().maxNewTokens(2).build();

  /** A GGUF file, cut where its tensors begin. */
  private static final class Gguf {
    final byte[] head;
    final byte[] tensors;

    Gguf(byte[] bytes, int cut) {
      head = Arrays.copyOf(bytes, cut);
      tensors = Arrays.copyOfRange(bytes, cut, bytes.length);
    }

    /** Appends the tensors to a file that has another head. */
    Path joined(Path file) throws IOException {
      return Files.write(file, tensors, StandardOpenOption.APPEND);
    }
  }

  private ModelFolderTargets() {}

  static List<FuzzTarget> all() {
    Supplier<Gguf> gguf = Suppliers.memoize(() -> gguf(GgufQuantization.Q8_0));
    return List.of(
        FolderTarget.of(
            "model-folder", () -> new Parts(files()), folder -> generate(withWeights(folder))),
        FolderTarget.of(
            "embedder-folder",
            () -> new Parts(embedderFiles()),
            folder -> embed(withWeights(folder))),
        new FuzzTarget(
            "gguf-model",
            () -> List.of(gguf.get().head),
            Scratch.file("model.gguf", file -> generate(gguf.get().joined(file)))),
        new FuzzTarget(
            "gguf-types",
            ModelFolderTargets::types,
            bytes -> {
              int type = bytes.length == 0 ? 0 : bytes[0] & 0xff;
              byte[] head = bytes.length == 0 ? bytes : Arrays.copyOfRange(bytes, 1, bytes.length);
              Gguf whole =
                  OF_TYPES.computeIfAbsent(
                      TYPES.get(type % TYPES.size()), ModelFolderTargets::gguf);
              Scratch.file("model.gguf", file -> generate(whole.joined(file))).read(head);
            }));
  }

  /** For each type a valid file, with a byte before it that says which. */
  private static List<byte[]> types() {
    List<byte[]> seeds = new ArrayList<>();
    for (GgufQuantization type : TYPES) {
      byte[] head = OF_TYPES.computeIfAbsent(type, ModelFolderTargets::gguf).head;
      seeds.add(Bytes.concat(new byte[] {(byte) seeds.size()}, head));
    }
    return seeds;
  }

  private static void generate(Path path) {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(path), Precision.FP32)) {
      model.generate("Once upon a time", SHORT);
    }
  }

  private static void embed(Path path) {
    try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(path), Precision.FP32)) {
      embedder.embed("Once upon a time");
    }
  }

  private static Path withWeights(Path folder) throws IOException {
    Files.createSymbolicLink(folder.resolve(WEIGHTS), STORIES.resolve(WEIGHTS).toAbsolutePath());
    return folder;
  }

  private static Map<String, byte[]> files() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : FILES) {
      files.put(name, Stored.example("models/stories260K/" + name));
    }
    return files;
  }

  private static Map<String, byte[]> embedderFiles() {
    Map<String, byte[]> files = files();
    files.put(
        "modules.json",
        """
        [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
         {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
         {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
        """
            .getBytes(UTF_8));
    files.put(
        "1_Pooling/config.json",
        "{\"word_embedding_dimension\": 64, \"pooling_mode_mean_tokens\": true}".getBytes(UTF_8));
    files.put(
        "config_sentence_transformers.json",
        "{\"prompts\": {\"query\": \"q: \"}, \"default_prompt_name\": \"query\", \"truncate_dim\": 32}"
            .getBytes(UTF_8));
    files.put(
        "sentence_bert_config.json",
        "{\"max_seq_length\": 64, \"do_lower_case\": true}".getBytes(UTF_8));
    return files;
  }

  private static Gguf gguf(GgufQuantization type) {
    try {
      Path folder = FoldersInMemory.create("fuzz-seed");
      try {
        Path path = folder.resolve("model.gguf");
        GgufExport.of(STORIES).type(type).to(path);
        byte[] bytes = Files.readAllBytes(path);
        long tensors;
        try (GgufFile file = GgufFile.open(path)) {
          Optional<Long> end =
              file.tensors().values().stream()
                  .map(tensor -> padded(tensor.offset() + tensor.bytes()))
                  .max(Long::compare);
          tensors = bytes.length - end.orElseThrow();
        }
        int cut = Math.toIntExact(tensors);
        return new Gguf(bytes, cut);
      } finally {
        MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long padded(long bytes) {
    return (bytes + 31) / 32 * 32;
  }
}
