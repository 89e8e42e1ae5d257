package io.adapt4j.speech.internal.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.speech.internal.whisper.SpeechTokens;
import io.adapt4j.speech.internal.whisper.WhisperModel;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Batches of recordings are those of a fine-tuning by Transformers' trainer. */
class RecordingBatchesGoldenTest {

  @Test
  void labelsAndFirstLossesEqualTheReference() throws Exception {
    Path course = Golden.folder("multimodal/lora/whisper");
    Path base = Golden.folder("multimodal/models/whisper");
    JsonNode losses =
        Json.parse(Files.readString(course.resolve("expected.json"))).at("/steps/0/micro_losses");
    JsonNode batches = Json.parse(Files.readString(course.resolve("train.json"))).get("batches");
    try (WhisperModel model =
            WhisperModel.load(base, Precision.FP32, WeightFormat.asStored(), List.of());
        SafetensorsFile stored = SafetensorsFile.open(course.resolve("batches.safetensors"))) {
      SpeechTokens tokens = model.tokens();
      int[] prompt = tokens.prompt(tokens.language("en"), "transcribe", false);
      RecordingEncoder encoder =
          new RecordingEncoder(model.tokenizer(), model.features(), prompt, true, tokens.end(), 64);
      TranscriptionTrainingTask task =
          new TranscriptionTrainingTask(
              model.network(),
              model.features(),
              tokens,
              prompt,
              model.tokenizer(),
              Optional.empty(),
              BestModelMetric.BY_LOSS);
      for (int i = 0; i < batches.size(); i++) {
        RecordingBatch batch = batch(course.resolve("audio"), batches.get(i), encoder);
        assertThat(batch.targets().labels()).isEqualTo(longs(stored, i + ".labels"));
        if (i < losses.size()) {
          // Of two micro-batches a step, whose means the trainer halves.
          assertThat(task.evaluate(batch) / task.targets(batch) / 2)
              .isCloseTo(losses.get(i).asDouble(), within(2e-5));
        }
      }
      assertThat(losses).hasSize(2);
    }
  }

  private static long[] longs(SafetensorsFile stored, String name) {
    int length = Math.toIntExact(stored.entries().get(name).length());
    LongBuffer values = stored.bytes(name, 0, length).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
    long[] all = new long[values.remaining()];
    values.get(all);
    return all;
  }

  private static RecordingBatch batch(Path folder, JsonNode batch, RecordingEncoder encoder) {
    List<Example> rows = new ArrayList<>();
    for (int row = 0; row < batch.get("files").size(); row++) {
      String file = folder.resolve(batch.get("files").get(row).asText()).toString();
      rows.add(new Example.Recording(file, batch.get("texts").get(row).asText()));
    }
    Dataset data = Datasets.of(rows);
    List<RecordingSample> samples = new ArrayList<>();
    for (int row = 0; row < data.size(); row++) {
      samples.add(encoder.sample(data, row, 0));
      assertThat(encoder.encode(data, row).sample().labels()).isEqualTo(samples.get(row).labels());
    }
    return encoder.batch(samples, new float[] {1, 1}, new int[] {0, 1});
  }
}
