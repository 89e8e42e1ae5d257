package io.adapt4j.benchmarks.memory;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.benchmarks.models.Shapes;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * A configuration of {@link PlanDrawBenchmark}, drawn at random: the same seed and number give the
 * same one.
 */
record PlanDraw(
    String task,
    String method,
    int rank,
    String family,
    String config,
    String stored,
    boolean bf16,
    String optimizer,
    int batch,
    int length,
    int accumulation,
    boolean checkpointing,
    int generated) {

  static final String NEXT_TOKENS = "next tokens";
  static final String CLASSES = "classification";
  static final String EMBEDDINGS = "embeddings";
  static final String DPO = "dpo";
  static final String REWARD = "reward";
  static final String GRPO = "grpo";

  static final int GROUP = 8;

  /** Number of draws in which each task and method has its share. */
  static final int ROUND = 20;

  private static final List<String> TASKS =
      shares(NEXT_TOKENS, 4, CLASSES, 3, EMBEDDINGS, 3, DPO, 3, REWARD, 3, GRPO, 4);
  private static final List<String> METHODS =
      shares("full", 4, "lora", 5, "dora", 3, "qlora", 5, "ia3", 3);
  private static final List<String> DECODERS =
      List.of("llama", "tied", "qwen2", "qwen3", "mistral", "gpt2", "gpt_neox", "olmo2", "gemma2");
  private static final List<String> ENCODERS =
      List.of("bert", "roberta", "distilbert", "modernbert");

  /** Encoders with default (IA)3 projections. */
  private static final List<String> RESCALED_ENCODERS = List.of("bert", "roberta");

  private static final int HEAD = 64;
  private static final JsonNode FAMILIES = Shapes.read(PlanDraw.class, "families.json");

  private static List<String> shares(Object... namesAndCounts) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < namesAndCounts.length; i += 2) {
      all.addAll(Collections.nCopies((Integer) namesAndCounts[i + 1], (String) namesAndCounts[i]));
    }
    return List.copyOf(all);
  }

  /** Returns an entry by number, where each round of draws uses all entries in a random order. */
  private static String share(List<String> all, long seed, int number) {
    List<String> order = new ArrayList<>(all);
    Collections.shuffle(order, new Random(seed * 1_000_003 + number / ROUND));
    return order.get(number % ROUND);
  }

  /** Draws a configuration. */
  static PlanDraw of(long seed, int number, int attempt) {
    SplittableRandom random =
        new SplittableRandom((seed * 1_000_003 + number) * 1_000_003 + attempt);
    String task = share(TASKS, seed, number);
    String method = share(METHODS, ~seed, number);
    boolean labeled = task.equals(CLASSES) || task.equals(REWARD);
    boolean encoder = task.equals(EMBEDDINGS) || (task.equals(CLASSES) && random.nextInt(3) > 0);
    List<String> encoders = method.equals("ia3") ? RESCALED_ENCODERS : ENCODERS;
    String family = pick(random, encoder ? encoders : DECODERS);
    if (labeled && family.equals("olmo2")) {
      family = "llama";
    }
    boolean full = method.equals("full");
    int heads = pick(random, full ? List.of(4, 6, 8) : List.of(6, 8, 9, 12, 14, 16));
    int layers = pick(random, full ? List.of(4, 6, 8, 12) : List.of(6, 8, 12, 16, 20, 24));
    int vocabulary = pick(random, List.of(4096, 16384, 30522, 32000, 50257));
    return new PlanDraw(
        task,
        method,
        pick(random, List.of(4, 8, 16, 32, 64)),
        family,
        config(random, family, heads, layers, vocabulary),
        random.nextBoolean() ? "bfloat16" : "float32",
        random.nextBoolean(),
        pick(random, List.of("adamw", "adamw", "adamw", "adamw8bit", "adafactor", "lion", "sgd")),
        pick(random, List.of(1, 2, 4, 8)),
        pick(random, List.of(64, 128, 256, 384, 512)),
        pick(random, List.of(1, 1, 2)),
        random.nextBoolean(),
        pick(random, List.of(32, 64, 128)));
  }

  private static <T> T pick(SplittableRandom random, List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  private static String config(
      SplittableRandom random, String family, int heads, int layers, int vocabulary) {
    int hidden = heads * HEAD;
    int groups = heads % 3 == 0 ? heads / 3 : heads / 2;
    int keyHeads = random.nextBoolean() ? heads : groups;
    int mlp = hidden * pick(random, List.of(2, 3, 4));
    Map<String, Object> values =
        Map.of(
            "vocabulary", vocabulary,
            "hidden", hidden,
            "layers", layers,
            "heads", heads,
            "mlp", mlp,
            "keyHeads", keyHeads,
            "tied", random.nextBoolean());
    String json = FAMILIES.get(family).toString();
    for (Map.Entry<String, Object> value : values.entrySet()) {
      json = json.replace("\"$" + value.getKey() + '"', String.valueOf(value.getValue()));
    }
    return json;
  }

  ModelConfig modelConfig() {
    String typed =
        config.substring(0, config.length() - 1) + ", \"torch_dtype\": \"" + stored + "\"}";
    return ModelConfig.parse(Path.of(family, "config.json"), typed);
  }

  FineTuningMethod fineTuning() {
    return switch (method) {
      case "full" -> FullFineTuning.create();
      case "lora" -> Lora.rank(rank);
      case "dora" -> Lora.rank(rank).dora();
      case "qlora" -> QLora.nf4().rank(rank);
      default -> Ia3.create();
    };
  }

  Optimizer steps() {
    return switch (optimizer) {
      case "adamw8bit" -> Optimizer.adamW8bit();
      case "adafactor" -> Optimizer.adafactor();
      case "lion" -> Optimizer.lion();
      case "sgd" -> Optimizer.sgd(0.9);
      default -> Optimizer.adamW();
    };
  }

  /** Returns the number of tokens processed per step. */
  long tokens() {
    if (task.equals(GRPO)) {
      return (long) batch * GROUP * (length + generated);
    }
    int texts =
        switch (task) {
          case EMBEDDINGS, DPO, REWARD -> 2;
          default -> 1;
        };
    return (long) batch * length * accumulation * texts;
  }

  String text() {
    return "%s, %s%s, %s, %s%s, stored %s, %s, %d x %d%s%s"
        .formatted(
            task,
            method,
            method.equals("full") || method.equals("ia3") ? "" : " r=" + rank,
            family,
            bf16 ? "bf16" : "fp32",
            checkpointing ? ", checkpointing" : "",
            stored,
            optimizer,
            batch,
            length,
            accumulation > 1 ? " x " + accumulation : "",
            task.equals(GRPO) ? ", " + generated + " generated" : "");
  }
}
