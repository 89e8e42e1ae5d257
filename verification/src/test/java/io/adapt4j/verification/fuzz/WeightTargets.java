package io.adapt4j.verification.fuzz;

import com.google.common.primitives.Bytes;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.qlora.Quantization;
import io.adapt4j.qlora.QuantizedCheckpoint;
import io.adapt4j.verification.ExampleFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Weights, adapters and 4-bit weights of which the header or a description is damaged: they are
 * loaded and used. The values are as they were.
 */
final class WeightTargets {

  private static final Path STORIES = ExampleFiles.example("models/stories260K");
  private static final String WEIGHTS = "model.safetensors";
  private static final String QUANT_STATE = "quant-state.json";
  private static final GenerationOptions SHORT =
      GenerationOptions.builder().maxNewTokens(2).build();

  private WeightTargets() {}

  static List<FuzzTarget> all() {
    Weights model = new Weights(WEIGHTS);
    Weights adapter = new Weights("adapter_model.safetensors");
    FourBit fourBit = new FourBit();
    return List.of(
        FolderTarget.of(
            "model-weights",
            folder -> {
              copy(STORIES, folder);
              model.cut(folder);
            },
            folder -> {
              model.join(folder);
              generate(folder);
            }),
        FolderTarget.of(
            "adapter-folder",
            folder -> {
              train(folder);
              adapter.cut(folder);
            },
            folder -> {
              adapter.join(folder);
              generate(STORIES, LoraAdapter.at(folder));
            }),
        FolderTarget.of("four-bit-folder", fourBit::write, fourBit::read),
        FolderTarget.of(
            "gguf-export",
            folder -> {
              copy(STORIES, folder);
              Files.delete(folder.resolve(WEIGHTS));
            },
            folder -> {
              Files.createSymbolicLink(
                  folder.resolve(WEIGHTS), STORIES.resolve(WEIGHTS).toAbsolutePath());
              GgufExport.of(folder).type(GgufQuantization.Q8_0).to(folder.resolve("model.gguf"));
            }));
  }

  private static void generate(Path folder, Adapter... adapters) {
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(folder), Precision.FP32, adapters)) {
      model.generate("Once upon a time", SHORT);
    }
  }

  private static void train(Path folder) throws IOException {
    Path last =
        FineTuner.builder()
            .model(ModelSource.path(STORIES))
            .dataset(Datasets.of(List.of(new Example.Text("A cat."))))
            .method(Lora.rank(2))
            .epochs(1)
            .maxLength(8)
            .output(folder.resolve("run"))
            .build()
            .run()
            .last();
    copy(last, folder);
    AtomicFolders.delete(folder.resolve("run"));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
  }

  /** A file of weights, of which only what stands before the values is damaged. */
  private static final class Weights {

    private final String name;
    private byte[] values = new byte[0];

    Weights(String name) {
      this.name = name;
    }

    void cut(Path folder) throws IOException {
      Path file = folder.resolve(name);
      byte[] bytes = Files.readAllBytes(file);
      long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
      int start = Math.toIntExact(Long.BYTES + header);
      values = Arrays.copyOfRange(bytes, start, bytes.length);
      Files.write(file, Arrays.copyOf(bytes, start));
    }

    void join(Path folder) throws IOException {
      Path file = folder.resolve(name);
      if (Files.exists(file)) {
        Files.write(file, values, StandardOpenOption.APPEND);
      }
    }

    /** Finds bytes among the values. */
    int find(byte[] bytes) {
      return Bytes.indexOf(values, bytes);
    }

    /** Replaces bytes. */
    void put(int start, byte[] bytes) {
      System.arraycopy(bytes, 0, values, start, bytes.length);
    }
  }

  /** A 4-bit checkpoint, of which the description of one weight is a file too. */
  private static final class FourBit {

    private final Weights weights = new Weights(WEIGHTS);
    private int start;
    private int length;

    void write(Path folder) throws IOException {
      Path quantized = folder.resolve("quantized");
      QuantizedCheckpoint.quantize(STORIES, quantized, Quantization.nf4().doubleQuant(true));
      copy(quantized, folder);
      AtomicFolders.delete(quantized);
      byte[] state = quantState(folder.resolve(WEIGHTS));
      Files.write(folder.resolve(QUANT_STATE), state);
      weights.cut(folder);
      start = weights.find(state);
      length = state.length;
    }

    private static byte[] quantState(Path file) {
      try (SafetensorsFile open = SafetensorsFile.open(file)) {
        TensorEntry state =
            open.entries().values().stream()
                .filter(entry -> entry.name().contains("quant_state"))
                .findFirst()
                .orElseThrow();
        ByteBuffer bytes = ByteBuffer.allocateDirect(Math.toIntExact(state.length()));
        open.read(state.name(), 0, bytes);
        byte[] text = new byte[bytes.capacity()];
        bytes.flip().get(text);
        return text;
      }
    }

    void read(Path folder) throws IOException {
      Path state = folder.resolve(QUANT_STATE);
      if (Files.exists(state)) {
        weights.put(start, Arrays.copyOf(Files.readAllBytes(state), length));
        Files.delete(state);
      }
      weights.join(folder);
      generate(folder);
    }
  }
}
