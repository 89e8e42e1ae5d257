package io.adapt4j.gguf;

import java.util.LinkedHashMap;
import java.util.Map;

/** Small models of dense families that came later, with the settings that they may carry. */
final class DenseModels {

  private static final String YARN =
      "\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 32}";

  private static final String LINEAR =
      "\"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2.0}";

  private static final String LLAMA3 =
      "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 32}";

  private static final String TIED = "\"tie_word_embeddings\": true";

  /** By name, whose tokenizer a model gets and the fields of its configuration. */
  static final Map<String, String[]> ALL = new LinkedHashMap<>();

  static {
    put("ministral", "llama_k", "ministral", "\"head_dim\": 32, \"sliding_window\": 512");
    put("helium", "llama_k", "helium", "\"head_dim\": 32");
    put("helium_biases", "llama_k", "helium", "\"mlp_bias\": true");
    put("gemma", "gemma2", "gemma", "\"head_dim\": 32");
    put(
        "gemma_gelu",
        "gemma2",
        "gemma",
        "\"head_dim\": 64, \"hidden_activation\": \"gelu\", \"rope_theta\": 5000.0, \"padding\": 5, "
            + LINEAR);
    put("phi", "gpt2", "phi", "\"layer_norm_eps\": 1e-4");
    put(
        "phi_tied",
        "gpt2",
        "phi",
        "\"partial_rotary_factor\": 0.25, \"hidden_act\": \"gelu\", \"rope_theta\": 5000.0, \"padding\": 7, "
            + TIED);
    put("olmo3", "qwen2", "olmo3", "\"sliding_window\": 8, \"num_hidden_layers\": 5");
    put(
        "olmo3_yarn",
        "qwen2",
        "olmo3",
        "\"sliding_window\": 6, \"num_hidden_layers\": 3, \"layer_types\": [\"full_attention\", \"sliding_attention\", \"full_attention\"], "
            + TIED
            + ", "
            + YARN.replace("32}", "32, \"attention_factor\": 1.4}"));
    put(
        "olmo3_full",
        "qwen2",
        "olmo3",
        "\"sliding_window\": null, \"layer_types\": [\"full_attention\", \"full_attention\"]");
    put("glm", "qwen2", "glm", "\"head_dim\": 64, \"attention_bias\": true");
    put(
        "glm_tied",
        "qwen2",
        "glm",
        "\"head_dim\": 64, \"partial_rotary_factor\": 0.25, \"rope_theta\": 5000.0, "
            + TIED
            + ", "
            + LINEAR);
    put("glm4", "qwen2", "glm4", "\"head_dim\": 32, \"attention_bias\": true");
    put("glm4_yarn", "qwen2", "glm4", "\"head_dim\": 64, " + TIED + ", " + YARN);
    put("cohere", "qwen2", "cohere", "\"logit_scale\": 0.25, \"model_max_length\": 256");
    put("cohere_linear", "qwen2", "cohere", "\"layer_norm_eps\": 1e-4, " + LINEAR);
    put(
        "cohere2",
        "qwen2",
        "cohere2",
        "\"num_hidden_layers\": 5, \"sliding_window\": 8, \"logit_scale\": 0.25, \"position_embedding_type\": \"rope_gptj\"");
    put(
        "cohere2_pattern",
        "qwen2",
        "cohere2",
        "\"sliding_window\": 6, \"layer_types\": [\"full_attention\", \"sliding_attention\"]");
    put("starcoder2", "gpt2", "starcoder2", "\"sliding_window\": 512");
    put(
        "starcoder2_untied",
        "gpt2",
        "starcoder2",
        "\"tie_word_embeddings\": false, \"hidden_act\": \"gelu\", \"norm_epsilon\": 1e-4, "
            + YARN);
    put("stablelm", "gpt2", "stablelm", "\"use_qkv_bias\": true");
    put(
        "stablelm_parallel",
        "gpt2",
        "stablelm",
        "\"use_parallel_residual\": true, \"partial_rotary_factor\": 0.5, \"rope_theta\": 5000.0, "
            + TIED);
    put("nemotron", "gpt2", "nemotron", "\"norm_eps\": 1e-4");
    put(
        "nemotron_biases",
        "gpt2",
        "nemotron",
        "\"attention_bias\": true, \"mlp_bias\": true, \"partial_rotary_factor\": 1.0, "
            + TIED
            + ", "
            + LINEAR);
    put("exaone4", "qwen2", "exaone4", "\"sliding_window\": null, " + TIED);
    put("exaone4_llama3", "qwen2", "exaone4", "\"sliding_window\": null, " + LLAMA3);
    put(
        "exaone4_windows",
        "qwen2",
        "exaone4",
        "\"num_hidden_layers\": 64, \"hidden_size\": 64, \"sliding_window\": 8");
    put("seed_oss", "qwen2", "seed_oss", "\"head_dim\": 32");
    put(
        "seed_oss_plain",
        "qwen2",
        "seed_oss",
        "\"head_dim\": 64, \"attention_bias\": false, " + TIED + ", " + YARN);
    put(
        "hunyuan",
        "qwen2",
        "hunyuan_v1_dense",
        "\"head_dim\": 32, \"use_qk_norm\": true, \"max_position_embeddings\": 32768, \"rope_scaling\": {\"type\": \"dynamic\", \"alpha\": 50.0, \"factor\": 1.0}, "
            + TIED);
    put("hunyuan_plain", "qwen2", "hunyuan_v1_dense", "\"head_dim\": 64");
    put("arcee", "llama_k", "arcee", "\"head_dim\": 32, " + YARN);
    put("arcee_llama3", "llama_k", "arcee", TIED + ", " + LLAMA3);
    put("ernie4_5", "llama_k", "ernie4_5", "\"head_dim\": 32");
    put(
        "ernie4_5_untied",
        "llama_k",
        "ernie4_5",
        "\"head_dim\": 64, \"tie_word_embeddings\": false");
    put("falcon", "gpt2", "falcon", "\"multi_query\": true");
    put(
        "falcon_groups",
        "gpt2",
        "falcon",
        "\"new_decoder_architecture\": true, \"num_kv_heads\": 2, \"ffn_hidden_size\": 320");
    put(
        "falcon_one_norm",
        "gpt2",
        "falcon",
        "\"new_decoder_architecture\": true, \"num_kv_heads\": 2, \"num_ln_in_parallel_attn\": 1, \"activation\": \"gelu_new\", \"rope_theta\": 5000.0");
    put(
        "falcon_heads",
        "gpt2",
        "falcon",
        "\"multi_query\": false, \"tie_word_embeddings\": false, " + LINEAR);
    put("internlm2", "llama_k", "internlm2", "\"bias\": false");
    put(
        "internlm2_dynamic",
        "llama_k",
        "internlm2",
        "\"bias\": false, \"num_key_value_heads\": 1, \"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0}, "
            + TIED);
    LaterModels.ALL.forEach((name, model) -> put(name, model[0], model[1], model[2]));
  }

  private DenseModels() {}

  private static void put(String name, String tokenizer, String type, String fields) {
    String described = "\"model_type\": \"" + type + "\", \"num_hidden_layers\": 2, " + fields;
    ALL.put(name, new String[] {tokenizer, described});
  }
}
