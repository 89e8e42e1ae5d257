package io.adapt4j.gguf;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.internal.write.ActivationRecorder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Importance of each input column of the linear layers: the mean square of its activations over the
 * tokens of a dataset, as llama.cpp's {@code imatrix} computes it. Texts similar to those the model
 * will see work best; a few hundred thousand tokens are plenty.
 *
 * <p>Immutable.
 */
public final class ImportanceMatrix {

  private static final int LONGEST = 512;

  private final Map<String, float[]> columns;
  private final long tokens;

  private ImportanceMatrix(Map<String, float[]> columns, long tokens) {
    this.columns = new LinkedHashMap<>(columns);
    this.tokens = tokens;
  }

  /**
   * Measures the importance by running a model over a dataset, in chunks of at most 512 tokens.
   *
   * @param model the model, loaded into memory during the call
   * @param data the rows; chats are rendered in the model's chat template
   * @param adapters adapters that are exported with the model
   * @return the matrix
   * @throws io.adapt4j.core.exception.CheckpointException if the model cannot be read, or has no
   *     GGUF counterpart
   * @throws IllegalArgumentException if the dataset has no row with text
   */
  public static ImportanceMatrix measure(ModelSource model, Dataset data, Adapter... adapters) {
    List<AdapterMechanics> mechanics = AdapterMechanics.of(List.of(adapters));
    try (LoadedModel loaded =
        LoadedModel.load(model.folder(), Precision.AUTO, WeightFormat.asStored(), mechanics)) {
      ExampleEncoder.Builder encoder =
          ExampleEncoder.builder(
                  loaded.requireTokenizer(), Math.min(LONGEST, loaded.decoder().contextLength()))
              .overflow(Overflow.TRUNCATE_RIGHT)
              .appendEos(false);
      ChatTemplate.find(loaded.folder())
          .map(template -> template.withSpecialTokensOf(loaded.folder()))
          .ifPresent(encoder::chatTemplate);
      return run(loaded, data, encoder.build());
    }
  }

  private static ImportanceMatrix run(LoadedModel loaded, Dataset data, ExampleEncoder encoder) {
    ActivationRecorder recorder = ActivationRecorder.on(loaded.decoder());
    for (int row = 0; row < data.size(); row++) {
      for (TrainingSample sample : encoder.encodeRow(data, row).samples()) {
        recorder.run(sample.ids());
      }
    }
    if (recorder.tokens() == 0) {
      throw new IllegalArgumentException(
          data.name() + ": expected rows with text to measure activations on, found none.");
    }
    return new ImportanceMatrix(recorder.meanSquares(), recorder.tokens());
  }

  /** {@return the number of tokens it was measured on} */
  public long tokens() {
    return tokens;
  }

  /** Returns the importance of each column, keyed by GGUF tensor name. */
  Map<String, float[]> columns() {
    return columns;
  }
}
