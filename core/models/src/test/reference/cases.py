"""The tiny models: configurations as Transformers 4.57 saves them, and the shapes of their tensors."""

import branches
import distances
import gemmas
import gpts
import gte
import hybrid_decoders
import interleaved_decoders
import later_decoders
import later_encoders
import later_mixtures
import mixtures
import newer_decoders
import newest_encoders

VOCABULARY, HIDDEN, INNER, HEADS, GROUPS, WIDTH = 40, 16, 24, 4, 2, 4
SLIDING, FULL = "sliding_attention", "full_attention"


def _decoder(model_type, architecture, layers, **own):
    return {
        "architectures": [architecture], "attention_dropout": 0.0, "bos_token_id": 1, "dtype": "float32",
        "eos_token_id": 2, "hidden_act": "silu", "hidden_size": HIDDEN, "initializer_range": 0.02,
        "intermediate_size": INNER, "max_position_embeddings": 64, "model_type": model_type,
        "num_attention_heads": HEADS, "num_hidden_layers": layers, "num_key_value_heads": GROUPS,
        "pad_token_id": 0, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "transformers_version": "4.57.0",
        "use_cache": True, "vocab_size": VOCABULARY, **own}


def llama(layers=2, **own):
    return _decoder("llama", "LlamaForCausalLM", layers, **{
        "attention_bias": False, "head_dim": 8, "mlp_bias": False, "pretraining_tp": 1,
        "tie_word_embeddings": False, **own})


def mistral(**own):
    return _decoder("mistral", "MistralForCausalLM", 2, **{
        "head_dim": 6, "tie_word_embeddings": False, **own})


def qwen2(layers=3, **own):
    return _decoder("qwen2", "Qwen2ForCausalLM", layers, **{
        "max_window_layers": 28, "rope_scaling": None, "sliding_window": None,
        "tie_word_embeddings": False, "use_sliding_window": False, **own})


def qwen3(**own):
    return _decoder("qwen3", "Qwen3ForCausalLM", 2, **{
        "attention_bias": False, "head_dim": 6, "layer_types": [FULL, FULL], "max_window_layers": 28,
        "rope_scaling": None, "rope_theta": 1000000.0, "sliding_window": None,
        "tie_word_embeddings": False, "use_sliding_window": False, **own})


def smollm3(layers=3, **own):
    return _decoder("smollm3", "SmolLM3ForCausalLM", layers, **{
        "attention_bias": False, "layer_types": [FULL] * layers, "mlp_bias": False,
        "no_rope_layer_interval": 4, "rope_scaling": None, "rope_theta": 2000000.0,
        "sliding_window": None, "use_sliding_window": False, **own})


def olmo2(**own):
    return _decoder("olmo2", "Olmo2ForCausalLM", 2, **{
        "attention_bias": False, "rope_scaling": None, "tie_word_embeddings": False, **own})


def granite(**own):
    return _decoder("granite", "GraniteForCausalLM", 2, **{
        "attention_bias": False, "attention_multiplier": 0.3, "embedding_multiplier": 3.0,
        "logits_scaling": 0.7, "mlp_bias": False, "residual_multiplier": 0.6, "rope_scaling": None,
        "tie_word_embeddings": False, **own})


def phi3(**own):
    return _decoder("phi3", "Phi3ForCausalLM", 2, **{
        "embd_pdrop": 0.0, "original_max_position_embeddings": 64, "partial_rotary_factor": 1.0,
        "resid_pdrop": 0.0, "rope_scaling": None, "sliding_window": None, "tie_word_embeddings": False,
        **own})


def longrope(pairs):
    return {"long_factor": [1.5 + 2 * i for i in range(pairs)],
            "short_factor": [1.0 + 0.25 * i for i in range(pairs)], "type": "longrope"}


def _gemma(model_type, architecture, types, **own):
    config = _decoder(model_type, architecture, len(types), **{
        "attention_bias": False, "attn_logit_softcapping": None, "final_logit_softcapping": None,
        "head_dim": 6, "hidden_activation": "gelu_pytorch_tanh", "layer_types": types,
        "query_pre_attn_scalar": 5, "sliding_window": 6, **own})
    del config["hidden_act"]
    return config


def gemma2(**own):
    return _gemma("gemma2", "Gemma2ForCausalLM", [SLIDING, FULL], **own)


def gemma3_text(types, **own):
    return _gemma("gemma3_text", "Gemma3ForCausalLM", types, **{
        "_sliding_window_pattern": 6, "rope_local_base_freq": 100.0, "rope_scaling": None,
        "rope_theta": 1000000.0, "use_bidirectional_attention": False, **own})


def gpt2(**own):
    return {
        "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.0,
        "bos_token_id": 2, "dtype": "float32", "embd_pdrop": 0.0, "eos_token_id": 2,
        "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_embd": HIDDEN,
        "n_head": HEADS, "n_inner": None, "n_layer": 2, "n_positions": 64, "pad_token_id": 0,
        "reorder_and_upcast_attn": False, "resid_pdrop": 0.0, "scale_attn_by_inverse_layer_idx": False,
        "scale_attn_weights": True, "summary_activation": None, "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True, "summary_type": "cls_index", "summary_use_proj": True,
        "transformers_version": "4.57.0", "use_cache": True, "vocab_size": VOCABULARY, **own}


def gpt_neox(**own):
    return {
        "architectures": ["GPTNeoXForCausalLM"], "attention_bias": True, "attention_dropout": 0.0,
        "bos_token_id": 1, "classifier_dropout": 0.0, "dtype": "float32", "eos_token_id": 2,
        "hidden_act": "gelu", "hidden_dropout": 0.0, "hidden_size": HIDDEN, "initializer_range": 0.02,
        "intermediate_size": INNER, "layer_norm_eps": 1e-05, "max_position_embeddings": 64,
        "model_type": "gpt_neox", "num_attention_heads": 2, "num_hidden_layers": 2, "pad_token_id": 0,
        "partial_rotary_factor": 0.5, "rope_scaling": None, "rope_theta": 10000, "rotary_emb_base": 10000,
        "rotary_pct": 0.5, "tie_word_embeddings": False, "transformers_version": "4.57.0",
        "use_cache": True, "use_parallel_residual": True, "vocab_size": VOCABULARY, **own}


def _labels(architecture):
    if not architecture.endswith("Classification"):
        return {}
    names = ["neg", "neu", "pos"]
    return {"id2label": {str(i): name for i, name in enumerate(names)},
            "label2id": {name: i for i, name in enumerate(names)}}


def bert(model_type, architecture, **own):
    return {
        "architectures": [architecture], "attention_probs_dropout_prob": 0.0, "classifier_dropout": None,
        "dtype": "float32", "hidden_act": "gelu", "hidden_dropout_prob": 0.0, "hidden_size": HIDDEN,
        **_labels(architecture), "initializer_range": 0.02, "intermediate_size": INNER,
        "layer_norm_eps": 1e-12, "max_position_embeddings": 32, "model_type": model_type,
        "num_attention_heads": HEADS, "num_hidden_layers": 2, "pad_token_id": 0,
        "position_embedding_type": "absolute", "transformers_version": "4.57.0", "type_vocab_size": 2,
        "use_cache": True, "vocab_size": VOCABULARY, **own}


def roberta(model_type, architecture, **own):
    return bert(model_type, architecture, **{
        "bos_token_id": 0, "eos_token_id": 2, "layer_norm_eps": 1e-05, "pad_token_id": 1,
        "type_vocab_size": 1, **own})


def distilbert(architecture, **own):
    return {
        "activation": "gelu", "architectures": [architecture], "attention_dropout": 0.0, "dim": HIDDEN,
        "dropout": 0.0, "dtype": "float32", "hidden_dim": INNER, **_labels(architecture),
        "initializer_range": 0.02, "max_position_embeddings": 32, "model_type": "distilbert",
        "n_heads": HEADS, "n_layers": 2, "pad_token_id": 0, "qa_dropout": 0.1, "seq_classif_dropout": 0.2,
        "sinusoidal_pos_embds": False, "transformers_version": "4.57.0", "vocab_size": VOCABULARY, **own}


def modernbert(architecture, **own):
    return {
        "architectures": [architecture], "attention_bias": False, "attention_dropout": 0.0,
        "bos_token_id": 1, "classifier_activation": "gelu", "classifier_bias": False,
        "classifier_dropout": 0.0, "classifier_pooling": "cls", "cls_token_id": 1, "decoder_bias": True,
        "deterministic_flash_attn": False, "dtype": "float32", "embedding_dropout": 0.0,
        "eos_token_id": 2, "global_attn_every_n_layers": 2, "global_rope_theta": 160000.0,
        "hidden_activation": "gelu", "hidden_size": HIDDEN, **_labels(architecture),
        "initializer_cutoff_factor": 2.0, "initializer_range": 0.02, "intermediate_size": INNER,
        "local_attention": 6, "local_rope_theta": 100.0, "max_position_embeddings": 64, "mlp_bias": False,
        "mlp_dropout": 0.0, "model_type": "modernbert", "norm_bias": False, "norm_eps": 1e-05,
        "num_attention_heads": HEADS, "num_hidden_layers": 3, "pad_token_id": 0,
        "repad_logits_with_grad": False, "sep_token_id": 2, "sparse_pred_ignore_index": -100,
        "sparse_prediction": False, "transformers_version": "4.57.0", "vocab_size": VOCABULARY, **own}


def without(config, *fields):
    return {name: value for name, value in config.items() if name not in fields}


CASES = {
    "gemma3_text": gemma3_text([SLIDING, FULL, SLIDING], rope_scaling={"factor": 8.0, "rope_type": "linear"}),
    "gemma3_text_pattern": without(
        gemma3_text([SLIDING] * 3, sliding_window_pattern=2, final_logit_softcapping=4.0,
                    attention_bias=True), "layer_types", "_sliding_window_pattern"),
    "phi3": phi3(),
    "phi3_window": phi3(sliding_window=6),
    "phi3_longrope_short": phi3(rope_scaling=longrope(2), max_position_embeddings=128),
    "phi3_longrope_long": phi3(rope_scaling=longrope(2), original_max_position_embeddings=16),
    "phi3_longrope_switch": phi3(rope_scaling=longrope(2), original_max_position_embeddings=32),
    "phi3_partial": phi3(num_attention_heads=2, num_key_value_heads=1, partial_rotary_factor=0.75,
                         rope_scaling=longrope(3), original_max_position_embeddings=16),
    "smollm3": smollm3(no_rope_layers=[1, 0, 1], attention_bias=True, mlp_bias=True),
    "smollm3_window": smollm3(2, no_rope_layers=[1, 0], layer_types=[FULL, SLIDING], sliding_window=6,
                              use_sliding_window=True, tie_word_embeddings=False),
    "smollm3_interval": without(smollm3(2, no_rope_layer_interval=2), "no_rope_layers", "layer_types"),
    "olmo2": olmo2(),
    "olmo2_bias": olmo2(attention_bias=True, num_key_value_heads=4,
                        rope_scaling={"factor": 3.0, "rope_type": "linear"}),
    "granite": granite(),
    "granite_bias": without(granite(attention_bias=True, mlp_bias=True), "tie_word_embeddings")
                    | {"tie_word_embeddings": True},
    "qwen2_window": without(qwen2(use_sliding_window=True, sliding_window=6, max_window_layers=1),
                            "layer_types"),
    "qwen2_layer_types": qwen2(use_sliding_window=True, sliding_window=6,
                               layer_types=[SLIDING, FULL, SLIDING]),
    "qwen3_bias": qwen3(attention_bias=True),
    "qwen3_window": qwen3(use_sliding_window=True, sliding_window=6, max_window_layers=1,
                          layer_types=[FULL, SLIDING]),
    "mistral_full": mistral(sliding_window=None),
    "gpt2_by_layer": gpt2(scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=True),
    "gpt2_unscaled": gpt2(scale_attn_weights=False, n_inner=24, activation_function="relu"),
    "gpt_neox_no_bias": gpt_neox(attention_bias=False),
    "gpt_neox_linear": gpt_neox(rope_scaling={"factor": 3.0, "rope_type": "linear"},
                                use_parallel_residual=False, hidden_act="gelu_new"),
    "gemma2_uncapped": gemma2(attn_logit_softcapping=None, final_logit_softcapping=None),
    "llama_linear": llama(rope_scaling={"factor": 4.0, "rope_type": "linear"}),
    "llama_dynamic": llama(rope_scaling={"factor": 4.0, "rope_type": "dynamic"}, max_position_embeddings=16),
    "llama_yarn": llama(rope_theta=100.0, rope_scaling={
        "beta_fast": 4.0, "beta_slow": 1.0, "factor": 4.0, "original_max_position_embeddings": 16,
        "rope_type": "yarn"}),
    # The factor is not the ratio of the two lengths: the explicit one counts.
    "llama_yarn_mscale": llama(rope_theta=100.0, rope_scaling={
        "beta_fast": 4.0, "beta_slow": 1.0, "factor": 8.0, "mscale": 0.7, "mscale_all_dim": 1.3,
        "original_max_position_embeddings": 16, "rope_type": "yarn", "truncate": False}),
    "bert_features": bert("bert", "BertModel"),
    "roberta_mlm": roberta("roberta", "RobertaForMaskedLM", hidden_act="relu"),
    "roberta_cls": roberta("roberta", "RobertaForSequenceClassification"),
    "xlm_roberta_mlm": roberta("xlm-roberta", "XLMRobertaForMaskedLM"),
    "xlm_roberta_cls": roberta("xlm-roberta", "XLMRobertaForSequenceClassification"),
    "xlm_roberta_flash_cls": roberta(
        "xlm-roberta", "XLMRobertaForSequenceClassification", emb_pooler=None, use_flash_attn=True,
        auto_map={"AutoConfig": "configuration_xlm_roberta.XLMRobertaFlashConfig"}),
    "distilbert_mlm": distilbert("DistilBertForMaskedLM"),
    "distilbert_cls": distilbert("DistilBertForSequenceClassification", activation="relu"),
    "modernbert_cls": modernbert("ModernBertForSequenceClassification"),
    "modernbert_cls_mean": modernbert(
        "ModernBertForSequenceClassification", classifier_pooling="mean", attention_bias=True,
        classifier_bias=True, mlp_bias=True, norm_bias=True, local_rope_theta=None),
    "modernbert_features": without(modernbert("ModernBertModel"), "local_rope_theta"),
}
CASES |= later_decoders.cases(_decoder) | interleaved_decoders.cases(_decoder) | hybrid_decoders.cases(_decoder)
CASES |= mixtures.cases(later_decoders.like(_decoder))
CASES |= later_mixtures.cases(later_decoders.like(_decoder)) | branches.cases(VOCABULARY, HIDDEN)
CASES |= newer_decoders.cases(later_decoders.like(_decoder)) | gemmas.cases(later_decoders.like(_decoder))
CASES |= later_encoders.cases(bert, _labels, HIDDEN, HEADS, VOCABULARY)
CASES |= newest_encoders.cases(bert, _labels, HIDDEN, HEADS, VOCABULARY)
CASES |= gpts.cases(gpt2) | gte.cases(bert) | distances.cases(VOCABULARY)
