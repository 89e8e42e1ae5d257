package io.adapt4j.verification.soak;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.qlora.QLora;
import io.adapt4j.qlora.Quantization;
import io.adapt4j.verification.ExampleFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Loads, uses and closes models again and again, and prints what the process grows by. Arguments:
 * cycles, and perhaps kinds joined by commas. Run it with {@code -Xms512m -Xmx512m
 * -XX:+AlwaysPreTouch}, so that the Java heap does not change, and with {@code MALLOC_ARENA_MAX=1}.
 */
public final class LoadCycles {

  private static final ModelSource MODEL =
      ModelSource.path(ExampleFiles.example("models/stories260K"));
  private static final GenerationOptions SHORT =
      GenerationOptions.builder().temperature(0).maxNewTokens(4).build();

  private LoadCycles() {}

  /** What is repeated. */
  interface Cycle {

    /** Loads, uses and closes. */
    void run() throws Exception;
  }

  /** Prints a line for each kind: what ten parts of the cycles added to the process. */
  public static void main(String[] args) throws Exception {
    int part = Math.max(1, Integer.parseInt(args[0]) / 10);
    Path folder = Files.createTempDirectory("cycles");
    Map<String, Cycle> kinds = kinds(folder);
    if (args.length > 1) {
      kinds.keySet().retainAll(List.of(args[1].split(",")));
    }
    for (Map.Entry<String, Cycle> kind : kinds.entrySet()) {
      System.out.printf("%-14s KiB a cycle, in parts of %d cycles:", kind.getKey(), part);
      for (int i = 0; i < 10; i++) {
        System.out.printf(" %+.0f", growth(kind.getValue(), part));
      }
      System.out.println();
    }
    MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
  }

  /** Returns what a cycle adds to the process beside the Java heap, in KiB. */
  static double growth(Cycle cycle, int cycles) throws Exception {
    long before = Soak.State.now().nativeBytes();
    for (int i = 0; i < cycles; i++) {
      cycle.run();
    }
    return (Soak.State.now().nativeBytes() - before) / 1024.0 / cycles;
  }

  static Map<String, Cycle> kinds(Path folder) {
    Path adapter = train(folder.resolve("lora"), Lora.rank(4));
    Path gguf = folder.resolve("model.gguf");
    GgufExport.of(MODEL).type(GgufQuantization.Q8_0).to(gguf);
    Map<String, Cycle> kinds = new LinkedHashMap<>();
    kinds.put("plain", () -> use(LanguageModel.load(MODEL, Precision.FP32)));
    kinds.put("bf16", () -> use(LanguageModel.load(MODEL, Precision.BF16)));
    kinds.put(
        "adapter", () -> use(LanguageModel.load(MODEL, Precision.FP32, LoraAdapter.at(adapter))));
    kinds.put("4-bit", () -> use(LanguageModel.load(MODEL, Quantization.nf4())));
    kinds.put(
        "4-bit adapter",
        () -> use(LanguageModel.load(MODEL, Quantization.nf4(), LoraAdapter.at(adapter))));
    kinds.put("gguf", () -> use(LanguageModel.load(ModelSource.path(gguf))));
    kinds.put(
        "embedder",
        () -> {
          try (TextEmbedder embedder = TextEmbedder.load(MODEL)) {
            embedder.embed("Once");
          }
        });
    kinds.put("training", () -> train(folder.resolve("lora-again"), Lora.rank(4)));
    kinds.put("4-bit training", () -> train(folder.resolve("qlora-again"), QLora.nf4()));
    return kinds;
  }

  private static void use(LanguageModel model) {
    try (model) {
      model.generate("Once", SHORT);
    }
  }

  private static Path train(Path output, FineTuningMethod method) {
    return FineTuner.builder()
        .model(MODEL)
        .dataset(Datasets.of(List.of(new Example.Text("Once upon a time"))))
        .method(method)
        .maxSteps(2)
        .batchSize(1)
        .output(output)
        .overwriteOutput()
        .build()
        .run()
        .last();
  }
}
