package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.benchmarks.suite.Samples;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Compares decoding steps in one native call with the same steps operator by operator, alternating,
 * for a mixture of experts, for layers with a state, and for those of Gemma 3n and 4; also the
 * memory that a step of the mixture reads.
 */
@InSuite(
    quick = "--shape small --rounds 3 --tokens 4",
    full = {
      "",
      "--shape lfm2",
      "--shape delta",
      "--shape mamba",
      "--shape gemma3n",
      "--shape gemma4",
      "--shape gemma4-experts"
    })
public final class NativeStepsBenchmark {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "--shape", "experts",
          "--precision", "bf16",
          "--batch", "8",
          "--prompt", "64",
          "--tokens", "16",
          "--rounds", "7",
          "--profile", "no",
          "--clock", "wall",
          "--threads", "0");

  private static final int VOCABULARY = 4096;

  private static final String COMMON =
      """
      "vocab_size": 4096, "max_position_embeddings": 4096, "hidden_act": "silu",
      "rms_norm_eps": 1e-5, "tie_word_embeddings": true,
      """;

  private static final String MIXTURE =
      """
      {"model_type": "qwen3_moe", %s "hidden_size": %d, "intermediate_size": %d,
       "moe_intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": 16,
       "num_key_value_heads": 4, "head_dim": 64, "num_experts": 32, "num_experts_per_tok": 4,
       "norm_topk_prob": true}
      """;

  private static final String LFM2 =
      """
      {"model_type": "lfm2", %s "hidden_size": 1024, "intermediate_size": 6656,
       "num_hidden_layers": 16, "num_attention_heads": 16, "num_key_value_heads": 8,
       "conv_L_cache": 3, "full_attn_idxs": [2, 5, 8, 10, 12, 14]}
      """;

  private static final String DELTA =
      """
      {"model_type": "qwen3_5_text", %s "hidden_size": 1024, "intermediate_size": 3584,
       "num_hidden_layers": 12, "num_attention_heads": 8, "num_key_value_heads": 2,
       "head_dim": 256, "linear_num_key_heads": 16, "linear_num_value_heads": 16,
       "linear_key_head_dim": 128, "linear_value_head_dim": 128, "partial_rotary_factor": 0.25}
      """;

  private static final String MAMBA =
      """
      {"model_type": "bamba", %s "hidden_size": 1024, "intermediate_size": 3584,
       "num_hidden_layers": 12, "num_attention_heads": 16, "num_key_value_heads": 4,
       "attn_layer_indices": [4, 9], "mamba_n_heads": 32, "mamba_n_groups": 1,
       "mamba_d_state": 128, "mamba_d_head": "auto", "mamba_expand": 2}
      """;

  private static final String GEMMA =
      """
      "vocab_size": 4096, "vocab_size_per_layer_input": 4096, "max_position_embeddings": 4096,
      "hidden_activation": "gelu_pytorch_tanh", "rms_norm_eps": 1e-6, "head_dim": 256,
      "sliding_window": 512, "tie_word_embeddings": true, "num_attention_heads": 8,
      """;

  /** Dimensions of Gemma 3n E2B. */
  private static final String GEMMA_3N =
      """
      {"model_type": "gemma3n_text", %s "hidden_size": 2048, "intermediate_size": 8192,
       "num_hidden_layers": 6, "num_key_value_heads": 2, "hidden_size_per_layer_input": 256,
       "num_kv_shared_layers": 1, "activation_sparsity_pattern": [0.95, 0.95, 0, 0, 0, 0],
       "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention",
       "sliding_attention", "full_attention", "sliding_attention"]}
      """;

  /** Dimensions of Gemma 4 E2B. */
  private static final String GEMMA_4 =
      """
      {"model_type": "gemma4_text", %s "hidden_size": 1536, "intermediate_size": 6144,
       "num_hidden_layers": 8, "num_key_value_heads": 1, "global_head_dim": 512,
       "hidden_size_per_layer_input": 256, "num_kv_shared_layers": 3, "use_double_wide_mlp": true,
       "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention",
       "full_attention", "sliding_attention", "sliding_attention", "sliding_attention",
       "full_attention"]}
      """;

  /** Dimensions of Gemma 4 26B-A4B, with a quarter of its experts. */
  private static final String GEMMA_4_EXPERTS =
      """
      {"model_type": "gemma4_text", %s "hidden_size": 2816, "intermediate_size": 2112,
       "moe_intermediate_size": 704, "num_hidden_layers": 4, "num_key_value_heads": 4,
       "attention_k_eq_v": true, "global_head_dim": 512, "num_global_key_value_heads": 1,
       "hidden_size_per_layer_input": 0, "enable_moe_block": true, "num_experts": 32,
       "top_k_experts": 8, "layer_types": ["sliding_attention", "sliding_attention",
       "sliding_attention", "full_attention"]}
      """;

  /** Dimensions of SmolLM2-135M, except the vocabulary. */
  private static final String DENSE =
      """
      {"model_type": "llama", %s "hidden_size": 576, "intermediate_size": 1536,
       "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3}
      """;

  private static final Map<String, String> SHAPES =
      Map.of(
          "dense", DENSE.formatted(COMMON),
          "gemma3n", GEMMA_3N.formatted(GEMMA),
          "gemma4", GEMMA_4.formatted(GEMMA),
          "gemma4-experts", GEMMA_4_EXPERTS.formatted(GEMMA),
          "small", MIXTURE.formatted(COMMON, 256, 512, 128, 2),
          "experts", MIXTURE.formatted(COMMON, 2048, 6144, 768, 4),
          "lfm2", LFM2.formatted(COMMON),
          "delta", DELTA.formatted(COMMON),
          "mamba", MAMBA.formatted(COMMON));

  private final Arguments arguments;
  private final int prompt;
  private final int tokens;
  private final int rounds;

  private NativeStepsBenchmark(Arguments arguments) {
    this.arguments = arguments;
    prompt = arguments.number("--prompt", 1);
    tokens = arguments.number("--tokens", 1);
    rounds = arguments.number("--rounds", 1);
  }

  /**
   * Runs the benchmark.
   *
   * @param line {@code --shape experts|lfm2|delta|mamba|gemma3n|gemma4|gemma4-experts|dense|small},
   *     {@code --precision bf16|fp32}, {@code --batch} rows to measure besides one, {@code
   *     --prompt} tokens before, {@code --tokens} steps per round, {@code --rounds}, {@code --clock
   *     cpu} for CPU time, which other processes hardly disturb if {@code --threads} is 1, {@code
   *     --profile yes} for the time of each kind of operator
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, DEFAULTS, Set.of());
    arguments.useThreads();
    new NativeStepsBenchmark(arguments).run();
  }

  private void run() {
    String shape = arguments.oneOf("--shape", SHAPES.keySet());
    DType type = arguments.isBf16() ? DType.BF16 : DType.F32;
    Report report = new Report("Native steps beside operators, " + shape);
    Machine.describe(report);
    ModelConfig config = ModelConfig.parse(Path.of("random", "config.json"), SHAPES.get(shape));
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(type);
      Weights.randomize(decoder, 1);
      long all = 0;
      for (LinearSlot slot : decoder.layerLinears()) {
        for (Parameter parameter : slot.linear().parameters()) {
          all += parameter.count() * type.bytes();
        }
      }
      report.line("weights of the layers", "%.1f MB", all / 1e6);
      compare(decoder, 1, report);
      compare(decoder, arguments.number("--batch", 1), report);
      prompts(decoder, report);
    }
    report.print();
  }

  private void compare(Decoder decoder, int rows, Report report) {
    double[] own = new double[rounds];
    double[] operators = new double[rounds];
    double[] ratio = new double[rounds];
    int capacity = prompt + (rounds + 2) * tokens + 2;
    try (KvCache ofSteps = decoder.newCache(rows, capacity);
        KvCache ofOperators = decoder.newCache(rows, capacity);
        DecoderSteps steps = StepKernels.prepared(decoder, ofSteps, rows).orElseThrow()) {
      long[] ids = new long[rows * prompt];
      Arrays.setAll(ids, i -> 1 + i * 7919L % (VOCABULARY - 1));
      for (KvCache cache : List.of(ofSteps, ofOperators)) {
        forward(decoder, cache, ids, prompt);
      }
      for (int round = -1; round < rounds; round++) {
        double mine = seconds(round, place -> step(steps, ofSteps, rows, place));
        double other = seconds(round, place -> operators(decoder, ofOperators, rows, place));
        if (round >= 0) {
          own[round] = mine;
          operators[round] = other;
          ratio[round] = other / mine;
        }
      }
      report(report, rows, own, operators, ratio);
      reads(steps, ofSteps, rows, report);
      if (arguments.oneOf("--profile", Set.of("yes", "no")).equals("yes")) {
        profile(steps, ofSteps, rows);
      }
    }
  }

  /** Compares a prompt read in one step, as for short ones, with one pass of the operators. */
  private void prompts(Decoder decoder, Report report) {
    double[] own = new double[rounds];
    double[] operators = new double[rounds];
    long[] ids = new long[prompt];
    Arrays.setAll(ids, i -> 1 + i * 7919L % (VOCABULARY - 1));
    try (KvCache cache = decoder.newCache(1, prompt);
        DecoderSteps steps = StepKernels.prepared(decoder, 1, prompt, List.of()).orElseThrow()) {
      steps.place(0, cache, 0);
      List<DecoderSteps.Token> tokens =
          IntStream.range(0, prompt)
              .mapToObj(i -> new DecoderSteps.Token((int) ids[i], 0, i, 0, i == prompt - 1))
              .toList();
      for (int round = -1; round < rounds; round++) {
        cache.clear();
        long begun = now();
        steps.run(tokens);
        long middle = now();
        forward(decoder, cache, ids, prompt);
        if (round >= 0) {
          own[round] = (middle - begun) / 1e9;
          operators[round] = (now() - middle) / 1e9;
        }
      }
    }
    String words = ", a prompt of " + prompt;
    figure(report, Measurement.smaller("in a native step" + words, "ms", 1), own);
    figure(report, Measurement.smaller("by operators" + words, "ms", 1), operators);
  }

  private static void report(
      Report report, int rows, double[] own, double[] operators, double[] ratio) {
    String batch = ", batch " + rows;
    figure(report, Measurement.smaller("a native step" + batch, "ms", 1), own);
    figure(report, Measurement.smaller("a step by operators" + batch, "ms", 1), operators);
    Samples ratios = Samples.of(ratio);
    report.figure(
        ratios.errorOf(Measurement.largerRatio("native over operators" + batch, ratios.median())));
  }

  private static void figure(Report report, Measurement named, double[] seconds) {
    Samples samples = Samples.of(seconds).map(value -> value * 1e3);
    report.figure(
        samples.errorOf(Measurement.smaller(named.name(), named.unit(), samples.median())));
  }

  /** One of the steps of a round. */
  private interface Step {
    void run(int number);
  }

  private double seconds(int round, Step step) {
    long begun = now();
    for (int i = 0; i < tokens; i++) {
      step.run((round + 1) * tokens + i);
    }
    return (now() - begun) / 1e9 / tokens;
  }

  private long now() {
    return arguments.oneOf("--clock", Set.of("wall", "cpu")).equals("wall")
        ? System.nanoTime()
        : ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static int id(int row, int number) {
    return 1 + (row * 977 + number * 31) % (VOCABULARY - 1);
  }

  private static void step(DecoderSteps steps, KvCache cache, int rows, int number) {
    steps.run(tokens(cache, rows, number));
    cache.advance(1);
  }

  private static List<DecoderSteps.Token> tokens(KvCache cache, int rows, int number) {
    int place = Math.toIntExact(cache.length());
    return IntStream.range(0, rows)
        .mapToObj(row -> new DecoderSteps.Token(id(row, number), row, place, 0, true))
        .toList();
  }

  private static void operators(Decoder decoder, KvCache cache, int rows, int number) {
    long[] ids = IntStream.range(0, rows).mapToLong(row -> id(row, number)).toArray();
    forward(decoder, cache, ids, 1);
  }

  private static void forward(Decoder decoder, KvCache cache, long[] ids, int count) {
    int rows = ids.length / count;
    long[] mask = new long[Math.toIntExact(rows * (cache.length() + count))];
    Arrays.fill(mask, 1);
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, rows, count, cache)) {
      Tensor hidden =
          decoder.hidden(Ops.inference(), Tensor.of(ids, rows, count), positions, false);
      decoder.logits(hidden.narrow(1, count - 1L, 1)).toFloats();
    }
  }

  /** Reports the memory read in a step, in whole pages, which may be of 2 MiB. */
  private static void reads(DecoderSteps steps, KvCache cache, int rows, Report report) {
    Path clear = Path.of("/proc/self/clear_refs");
    try {
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 3; i++) {
        List<DecoderSteps.Token> tokens = tokens(cache, rows, 50);
        Files.writeString(clear, "1");
        steps.run(tokens);
        OptionalLong read = referenced();
        if (read.isEmpty()) {
          return;
        }
        least = Math.min(least, read.getAsLong());
      }
      cache.advance(1);
      report.line("pages read in a step, batch " + rows, "%.1f MB of the process", least / 1e6);
    } catch (IOException e) {
      report.line("pages read in a step", "not known here: %s", e.getMessage());
    }
  }

  private static OptionalLong referenced() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/self/smaps_rollup"))) {
      return lines
          .filter(line -> line.startsWith("Referenced:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst();
    }
  }

  private void profile(DecoderSteps steps, KvCache cache, int rows) {
    Map<String, Long> times = new LinkedHashMap<>();
    for (int i = 0; i < tokens; i++) {
      steps
          .profile(tokens(cache, rows, i))
          .forEach((name, nanos) -> times.merge(name, nanos, Long::sum));
    }
    times.forEach(
        (name, nanos) -> System.out.printf("  %-20s %8.3f ms%n", name, nanos / 1e6 / tokens));
  }
}
