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
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Miss;
import io.adapt4j.lora.Oft;
import io.adapt4j.lora.Shira;
import io.adapt4j.lora.Targets;
import io.adapt4j.qlora.Quantization;
import io.adapt4j.qlora.QuantizedCheckpoint;
import io.adapt4j.verification.ExampleFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
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
    FourBit fourBit = new FourBit();
    List<FuzzTarget> all = new ArrayList<>();
    all.add(
        FolderTarget.of(
            "model-weights",
            folder -> {
              copy(STORIES, folder);
              model.cut(folder);
            },
            folder -> {
              model.join(folder);
              generate(folder);
            }));
    all.add(adapter("adapter-folder", Lora.rank(2)));
    all.add(adapter("adapter-dora", Lora.rank(2).dora().modulesToSave("lm_head")));
    all.add(
        adapter(
            "adapter-layers", Lora.rank(1).layerReplication(new int[] {0, 3}, new int[] {1, 5})));
    all.add(
        adapter("adapter-tables", Lora.rank(1).targets(Targets.names("q_proj", "embed_tokens"))));
    all.add(adapter("adapter-ia3", Ia3.create()));
    all.add(adapter("adapter-miss", Miss.rank(2)));
    all.add(adapter("adapter-oft", Oft.blockSize(4)));
    all.add(adapter("adapter-shira", Shira.rank(2)));
    all.add(FolderTarget.of("four-bit-folder", fourBit::write, fourBit::read));
    all.add(
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
    return all;
  }

  private static FuzzTarget adapter(String name, FineTuningMethod method) {
    Weights weights = new Weights("adapter_model.safetensors");
    return FolderTarget.of(
        name,
        folder -> {
          train(method, folder);
          weights.cut(folder);
        },
        folder -> {
          weights.join(folder);
          generate(STORIES, Adapter.at(folder));
        });
  }

  private static void generate(Path folder, Adapter... adapters) {
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(folder), Precision.FP32, adapters)) {
      model.generate("Once upon a time", SHORT);
    }
  }

  private static void train(FineTuningMethod method, Path folder) throws IOException {
    Path last =
        FineTuner.builder()
            .model(ModelSource.path(STORIES))
            .dataset(Datasets.of(List.of(new Example.Text("A cat."))))
            .method(method)
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
