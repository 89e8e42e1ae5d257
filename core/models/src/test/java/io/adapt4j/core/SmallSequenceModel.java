package io.adapt4j.core;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Encoder-decoders of random weights that train in seconds, with the tokenizer of SmallEncoder. */
public final class SmallSequenceModel {

  /** A configuration of T5. */
  public static final String T5 =
      """
      {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "dtype": "float32",
       "vocab_size": 20, "d_model": 24, "d_ff": 32, "d_kv": 6, "num_heads": 4, "num_layers": 2,
       "num_decoder_layers": 1, "relative_attention_num_buckets": 8,
       "relative_attention_max_distance": 12, "feed_forward_proj": "gated-gelu",
       "tie_word_embeddings": false, "dropout_rate": 0.0, "is_encoder_decoder": true,
       "pad_token_id": 0, "eos_token_id": 3, "decoder_start_token_id": 0}
      """;

  /** A configuration of MarianMT. */
  public static final String MARIAN =
      """
      {"model_type": "marian", "architectures": ["MarianMTModel"], "dtype": "float32",
       "vocab_size": 20, "d_model": 24, "encoder_layers": 1, "decoder_layers": 2,
       "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 32,
       "decoder_ffn_dim": 32, "activation_function": "swish", "max_position_embeddings": 40,
       "scale_embedding": true, "dropout": 0.0, "is_encoder_decoder": true, "pad_token_id": 0,
       "eos_token_id": 3, "decoder_start_token_id": 0, "max_length": 12, "num_beams": 3}
      """;

  public static final String PEGASUS =
      MARIAN
          .replace("marian", "pegasus")
          .replace("MarianMTModel", "PegasusForConditionalGeneration");

  private SmallSequenceModel() {}

  /** Writes a model of a configuration with a vocabulary of 20. */
  public static Path write(Path folder, String config) throws IOException {
    SmallEncoder.write(folder);
    Files.delete(folder.resolve("model.safetensors"));
    Files.writeString(folder.resolve(ModelConfig.FILE), config);
    ModelConfig read = ModelConfig.read(folder);
    try (EncoderDecoder network = Architectures.declareSequence(read)) {
      network.allocate(DType.F32);
      Weights.randomize(network, 11);
      CheckpointFolder.write(folder, folder, read, Weights.tensors(network, StoredType.F32));
    }
    return folder;
  }
}
