package io.adapt4j.speech.internal.whisper;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.load.LoadedSequence;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.speech.internal.audio.MelSettings;
import java.nio.file.Path;
import java.util.List;

/** A model with its tokenizer, features and special tokens, loaded and closed together. */
public record WhisperModel(
    LoadedSequence loaded, Tokenizer tokenizer, MelSettings features, SpeechTokens tokens)
    implements AutoCloseable {

  /** Loads a folder. */
  public static WhisperModel load(
      Path folder, Precision precision, WeightFormat weights, List<AdapterMechanics> adapters) {
    LoadedSequence loaded = LoadedSequence.loadSpeech(folder, precision, weights, adapters);
    try {
      Tokenizer tokenizer =
          loaded
              .tokenizer()
              .orElseThrow(
                  () ->
                      CheckpointException.inFile(
                          folder.resolve("tokenizer.json"),
                          "the model's tokenizer",
                          "nothing",
                          "Save it beside the model, for example with AutoTokenizer of"
                              + " Transformers."));
      EncoderDecoder network = loaded.network();
      ModelConfig config = network.modelConfig();
      MelSettings features = features(folder, network);
      SpeechTokens tokens =
          SpeechTokens.read(folder, config, tokenizer, network.specialTokens().start());
      return new WhisperModel(loaded, tokenizer, features, tokens);
    } catch (RuntimeException | Error e) {
      loaded.close();
      throw e;
    }
  }

  /** Reads the settings of the features, and checks that they fit a declared network. */
  public static MelSettings features(Path folder, EncoderDecoder network) {
    MelSettings features = MelSettings.read(folder);
    int mels = network.featureWidth();
    int frames = network.frames();
    if (features.mels() != mels || features.frames() != frames) {
      throw CheckpointException.inFile(
          folder.resolve(MelSettings.FILE),
          mels + " bands (num_mel_bins) in " + frames + " frames (twice max_source_positions)",
          features.mels() + " bands in " + features.frames() + " frames",
          "Use the file that belongs to the model.");
    }
    return features;
  }

  public EncoderDecoder network() {
    return loaded.network();
  }

  /**
   * Runs the encoder.
   *
   * @param features [B, frames, mels]
   */
  public SequenceSource listen(Tensor features) {
    int length = network().encoder().positions().limit();
    Tensor typed = features.copyAs(network().type());
    return network().read(Ops.inference(), typed, length, false, null);
  }

  /** {@return seconds of one step of a timestamp} */
  public double step() {
    return (double) features.hop() * WindowSegments.STRIDE / features.rate();
  }

  @Override
  public void close() {
    loaded.close();
  }
}
