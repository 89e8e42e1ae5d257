package io.adapt4j.spark;

import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/** Prints the table of docs/scale-out.md, which is computed. */
final class ScaleOutTable {

  private static final int ROWS = 1;
  private static final int LENGTH = 1024;
  private static final int MICRO_BATCHES = 8;

  /** What is assumed of an executor: operations a second. */
  private static final double RATE = 1e12;

  private ScaleOutTable() {}

  public static void main(String[] args) throws IOException {
    System.out.println(
        "| model, method | memory of an executor | sent a step, 8 workers | step, 1 worker"
            + " | 8 workers, 1 Gbit/s | 8 workers, 10 Gbit/s |");
    System.out.println("|---|---|---|---|---|---|");
    line("Llama 3.1 8B, LoRA 16", config(4096, 14336, 32, 32, 8), Lora.rank(16), false);
    line("Llama 3.1 8B, QLoRA 16", config(4096, 14336, 32, 32, 8), QLora.nf4(), false);
    line(
        "Llama 3.1 8B, all weights", config(4096, 14336, 32, 32, 8), FullFineTuning.create(), true);
    line("Llama 3.1 70B, LoRA 16", config(8192, 28672, 80, 64, 8), Lora.rank(16), false);
    line("Llama 3.1 70B, QLoRA 16", config(8192, 28672, 80, 64, 8), QLora.nf4(), false);
  }

  private static ModelConfig config(int hidden, int wide, int layers, int heads, int keys)
      throws IOException {
    Path folder = Files.createTempDirectory("table");
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "dtype": "bfloat16",
         "vocab_size": 128256, "hidden_size": %s, "intermediate_size": %s, "num_hidden_layers": %s,
         "num_attention_heads": %s, "num_key_value_heads": %s, "hidden_act": "silu",
         "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 500000.0,
         "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2}
        """
            .formatted(hidden, wide, layers, heads, keys));
    return ModelConfig.read(folder);
  }

  private static void line(
      String name, ModelConfig config, FineTuningMethod method, boolean everything) {
    try (Network network = Architectures.declare(config)) {
      long peak =
          Planner.of(network, method)
              .estimate(
                  StepShape.of(ROWS, LENGTH, DType.BF16, Optimizer.adamW())
                      .withBatch(ROWS, MICRO_BATCHES))
              .peakBytes();
      long trainable = Methods.of(method).trainableParameters(network);
      double operations = (everything ? 6.0 : 4.0) * network.parameterCount() * ROWS * LENGTH;
      Duration time = Duration.ofMillis(Math.round(operations / RATE * 1e3));
      ScaleOutPlan slow = ScaleOutPlan.of(peak, trainable, MICRO_BATCHES, time, 1, false);
      ScaleOutPlan fast = ScaleOutPlan.of(peak, trainable, MICRO_BATCHES, time, 10, false);
      ScaleOutPlan.Workers eight = slow.counts().get(slow.counts().size() - 1);
      System.out.printf(
          Locale.ROOT,
          "| %s | %.0f GB | %.2f GB | %.0f s | %s | %s |%n",
          name,
          (eight.overheadBytes() + ScaleOutPlan.HEAP_BYTES) / 1e9,
          eight.bytesPerStep() / 1e9,
          slow.counts().get(0).stepTime().toMillis() / 1e3,
          said(eight),
          said(fast.counts().get(fast.counts().size() - 1)));
    }
  }

  private static String said(ScaleOutPlan.Workers workers) {
    return String.format(
        Locale.ROOT,
        "%.0f s, %.1f times as fast",
        workers.stepTime().toMillis() / 1e3,
        workers.speedUp());
  }
}
