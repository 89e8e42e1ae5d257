import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Decoding after a prompt of 4,096 tokens with multi-head latent attention, whose cache holds
 * latent vectors, and with a Llama of the same hidden size, heads and MLP; by operators, in fp32,
 * in turns.
 */
public final class LatentDecodeBenchmark {

  private static final int PROMPT = 4096;
  private static final int WARMUP = 4;
  private static final int TOKENS = 20;
  private static final int ROUNDS = 3;
  private static final int LAYERS = 4;

  private LatentDecodeBenchmark() {}

  public static void main(String[] arguments) {
    ObjectNode latent = shape("deepseek_v2", "DeepseekV2ForCausalLM");
    latent.put("first_k_dense_replace", LAYERS).put("n_routed_experts", 4);
    latent.put("moe_intermediate_size", 64).put("n_shared_experts", 1);
    latent.put("num_experts_per_tok", 2).put("topk_method", "greedy");
    latent.put("n_group", 1).put("topk_group", 1);
    latent.put("kv_lora_rank", 512).putNull("q_lora_rank");
    latent.put("qk_nope_head_dim", 128).put("qk_rope_head_dim", 64).put("v_head_dim", 128);
    try (Decoder ours = model(latent);
        Decoder llama = model(shape("llama", "LlamaForCausalLM"))) {
      for (int round = 0; round < ROUNDS; round++) {
        measure("latent attention", ours);
        measure("Llama", llama);
      }
    }
  }

  private static ObjectNode shape(String type, String name) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("model_type", type).putArray("architectures").add(name);
    config.put("hidden_size", 2048).put("intermediate_size", 8192);
    config.put("num_hidden_layers", LAYERS);
    config.put("num_attention_heads", 16).put("num_key_value_heads", 16);
    config.put("max_position_embeddings", 8192).put("vocab_size", 1000).put("hidden_act", "silu");
    return config.put("rope_theta", 10_000.0).put("rms_norm_eps", 1e-6);
  }

  private static Decoder model(ObjectNode config) {
    Decoder decoder =
        (Decoder)
            Architectures.declare(
                ModelConfig.parse(Path.of("random", "config.json"), Json.compact(config)));
    decoder.allocate(DType.F32);
    SplittableRandom random = new SplittableRandom(1);
    long count = 0;
    for (Parameter parameter : decoder.parameters()) {
      float[] values = new float[Math.toIntExact(parameter.count())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextDouble(-0.02, 0.02);
      }
      try (Scope scope = Scope.open()) {
        parameter.value().copyFrom(Tensor.of(values, parameter.sizes()));
      }
      count += values.length;
    }
    System.out.printf("%s: %,d parameters%n", config.get("model_type").asText(), count);
    return decoder;
  }

  private static void measure(String name, Decoder decoder) {
    try (KvCache cache = decoder.newCache(1, PROMPT + WARMUP + TOKENS)) {
      double prompt = seconds(decoder, cache, 1, PROMPT);
      seconds(decoder, cache, WARMUP, 1);
      double decoding = seconds(decoder, cache, TOKENS, 1);
      System.out.printf(
          "%s: %,d bytes a token and layer, prompt %.2f s, %.1f tokens/s%n",
          name, cache.bytes() / (PROMPT + WARMUP + TOKENS) / LAYERS, prompt, TOKENS / decoding);
    }
  }

  private static double seconds(Decoder decoder, KvCache cache, int passes, int tokens) {
    long[] ids = new long[tokens];
    Arrays.setAll(ids, i -> 3 + i % 900);
    long start = System.nanoTime();
    for (int pass = 0; pass < passes; pass++) {
      long[] mask = new long[Math.toIntExact(cache.length()) + tokens];
      Arrays.fill(mask, 1);
      try (Scope scope = Scope.open();
          Positions positions = decoder.positions(mask, 1, tokens, cache)) {
        decoder.hidden(Ops.inference(), Tensor.of(ids, 1, tokens), positions, false);
      }
    }
    return (System.nanoTime() - start) / 1e9;
  }
}
