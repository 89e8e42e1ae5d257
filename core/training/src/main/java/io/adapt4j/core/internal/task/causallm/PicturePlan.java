package io.adapt4j.core.internal.task.causallm;

import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.data.Samples;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.PictureMemory;
import io.adapt4j.core.internal.nn.picture.PictureEncoder;
import io.adapt4j.core.internal.nn.picture.PictureTraining;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.tensor.DType;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;

/** Memory of an image tower in plans of training on rows with pictures. */
final class PicturePlan {

  private PicturePlan() {}

  /** Adds the image tower at work on the row with the most tokens of pictures, for all rows. */
  static Planner beside(
      Planner planner, Network declared, FineTuneSettings settings, Samples samples) {
    Optional<PictureTraining> pictures = settings.objective().model().pictures();
    if (pictures.isEmpty()) {
      return planner;
    }
    PictureEncoder encoder = pictures.get().declare();
    int[] most =
        IntStream.range(0, samples.size())
            .mapToObj(sample -> firstIds(encoder, samples.get(sample)))
            .max(Comparator.comparingInt(ids -> tokens(encoder, ids)))
            .orElse(new int[0]);
    int rows = Math.min(settings.batchSize(), samples.size());
    int[] all = new int[most.length * rows];
    Arrays.setAll(all, i -> most[i % most.length]);
    DType type = LoadedModel.typeOf(settings.precision(), declared, settings.model().folder());
    long bytes =
        PictureMemory.of(
            encoder,
            all,
            settings.method().trainableSummary(declared),
            declared.linears().size(),
            type);
    return planner.beside("pictures in the image tower", bytes / type.bytes());
  }

  /** Returns the first ids of a sample's pictures. */
  private static int[] firstIds(PictureEncoder encoder, TrainingSample sample) {
    return Arrays.stream(sample.ids())
        .filter(id -> id >= PictureTokens.FIRST && encoder.find(id).first() == id)
        .toArray();
  }

  private static int tokens(PictureEncoder encoder, int[] firstIds) {
    return Arrays.stream(firstIds).map(first -> encoder.find(first).rows()).sum();
  }
}
