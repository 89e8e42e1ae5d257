package io.adapt4j.spark.training;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Compares a step of two workers, on a core each, with a step of one process on one core that has
 * the work of one of them. Loading is left out: it is what longer runs take more.
 */
final class StepBenchmark {

  private static final int FEW = 4;
  private static final int MANY = 24;

  private static final String CONFIG =
      """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "dtype": "float32",
       "vocab_size": 512, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 12,
       "num_attention_heads": 9, "num_key_value_heads": 3, "hidden_act": "silu",
       "max_position_embeddings": 256, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
       "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2}
      """;

  private StepBenchmark() {}

  public static void main(String[] args) throws IOException {
    Path folder = Files.createTempDirectory("step-benchmark");
    model(folder.resolve("model"));
    Recipe.data(folder, 512);
    try (LocalCluster cluster = LocalCluster.start(folder, "local-cluster[2,1,2048]")) {
      double alone = seconds(cluster, folder, "alone", "plain", 1);
      double together = seconds(cluster, folder, "together", "2", 2);
      System.out.printf(
          Locale.ROOT,
          "One process %.1f ms a step, two workers %.1f ms with twice the work: %+.1f %%%n",
          alone * 1e3,
          together * 1e3,
          (together / alone - 1) * 100);
    }
  }

  private static double seconds(
      LocalCluster cluster, Path folder, String name, String who, int microBatches)
      throws IOException {
    double[] times = new double[2];
    for (int i = 0; i < times.length; i++) {
      Path recipe =
          Recipe.write(
              folder,
              name + i,
              "method: {lora: {rank: 16}}",
              "saveLimit: 0",
              "gradientAccumulation: " + microBatches,
              "maxSteps: " + (i == 0 ? FEW : MANY));
      String text =
          Files.readString(recipe)
              .replace("model: " + Recipe.MODEL, "model: model")
              .replace("batchSize: 2", "batchSize: 8");
      Files.writeString(recipe, text);
      cluster.run(who + " " + recipe);
      long begun = System.nanoTime();
      cluster.run(who + " " + recipe + " overwrite");
      times[i] = (System.nanoTime() - begun) / 1e9;
    }
    return (times[1] - times[0]) / (MANY - FEW);
  }

  private static void model(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), CONFIG);
    ModelConfig read = ModelConfig.read(folder);
    try (Decoder decoder = Architectures.declareDecoder(read)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, 7);
      CheckpointFolder.write(folder, Recipe.MODEL, read, Weights.tensors(decoder, StoredType.F32));
    }
  }
}
