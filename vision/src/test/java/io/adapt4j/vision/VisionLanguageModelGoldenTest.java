package io.adapt4j.vision;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Golden;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From files of pictures to the tokens that Transformers generates, for every family. */
class VisionLanguageModelGoldenTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"idefics3", "smolvlm", "lfm2_vl", "qwen2_5_vl", "qwen3_vl", "gemma3", "paligemma"})
  void answersAboutPicturesEqualThoseOfTransformers(String name) throws Exception {
    Path folder = Golden.folder("multimodal/models/" + name);
    long before = Tensor.live();
    int answered = 0;
    try (VisionLanguageModel model =
            VisionLanguageModel.load(
                ModelSource.path(folder), WeightFormat.asStored(), Precision.FP32);
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      for (PictureCase golden : PictureCase.all(folder, "cases.json")) {
        String tensor = golden.name() + ".generated";
        if (expected.entries().containsKey(tensor)) {
          golden.check(model, generated(expected, tensor));
          answered++;
        }
        if (golden.name().equals("text")) {
          model.usePictureOptions(Map.of());
          List<ChatMessage> messages = golden.messages();
          assertThat(model.chat(messages, List.of(), PictureCase.SIXTEEN))
              .isEqualTo(model.languageModel().chat(messages, PictureCase.SIXTEEN));
        }
      }
    }
    assertThat(answered).isGreaterThan(2);
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static List<List<Integer>> generated(SafetensorsFile expected, String tensor) {
    long[] ids = new long[Math.toIntExact(expected.entry(tensor).elements())];
    expected.bytes(tensor).asLongBuffer().get(ids);
    int width = Math.toIntExact(expected.entry(tensor).shape().get(1));
    return IntStream.range(0, ids.length / width)
        .mapToObj(row -> Arrays.stream(ids, row * width, (row + 1) * width))
        .map(row -> row.mapToInt(Math::toIntExact).boxed().toList())
        .toList();
  }
}
