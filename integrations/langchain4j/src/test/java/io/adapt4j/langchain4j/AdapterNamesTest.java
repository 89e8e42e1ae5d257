package io.adapt4j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The name in a request chooses an adapter on a model. */
class AdapterNamesTest {

  private static final Path MODEL = Path.of("../../examples/models/stories260K");
  private static final GenerationOptions OPTIONS =
      GenerationOptions.builder().temperature(0).maxNewTokens(20).build();

  @TempDir private Path folder;

  /** Writes an adapter as if it had been trained. */
  private Adapter adapter() {
    try (Decoder decoder = Architectures.declareDecoder(ModelConfig.read(MODEL));
        Checkpoint checkpoint = Checkpoint.open(MODEL)) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
      try (Adaptation adaptation = Methods.of(Lora.rank(4)).attach(decoder, MODEL, 1)) {
        for (Trainable parameter : adaptation.trained()) {
          float[] values = parameter.value().toFloats();
          Arrays.fill(values, 0.1f);
          try (Tensor filled = Tensor.of(values, parameter.value().sizes())) {
            parameter.value().copyFrom(filled);
          }
        }
        adaptation.refresh();
        adaptation.save(folder);
      }
    }
    return Adapter.at(folder);
  }

  private static ChatResponse ask(ChatModel chat, String name) {
    return chat.chat(
        ChatRequest.builder().messages(UserMessage.from("Hi")).modelName(name).build());
  }

  private static String alone(LanguageModel model) {
    return model.chat(List.of(ChatMessage.user("Hi")), OPTIONS, piece -> {}).text();
  }

  @Test
  void anAdapterAnswersByItsNameWhileItIsThere() {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(MODEL), Precision.FP32)) {
      model.useAnyChatTemplate(ChatTemplate.named("chatml"));
      ChatModel chat = Adapt4jChatModel.builder().model("base", model).options(OPTIONS).build();
      String base = alone(model);
      model.addAdapter("formal", adapter());
      ChatResponse formal = ask(chat, "formal");
      assertThat(formal.aiMessage().text())
          .isEqualTo(alone(model.withAdapter("formal")))
          .isNotEqualTo(base);
      assertThat(formal.modelName()).isEqualTo("formal");
      assertThat(ask(chat, "base").aiMessage().text()).isEqualTo(base);
      ChatModel always =
          Adapt4jChatModel.builder()
              .model("base", model)
              .options(OPTIONS)
              .defaultRequestParameters(ChatRequestParameters.builder().modelName("formal").build())
              .build();
      assertThat(always.chat("Hi")).isEqualTo(formal.aiMessage().text());
      assertThatThrownBy(() -> ask(chat, "casual"))
          .isInstanceOf(UnsupportedFeatureException.class)
          .hasMessageContaining("'casual' is none of [base, formal]");
      model.removeAdapter("formal");
      assertThatThrownBy(() -> ask(chat, "formal"))
          .isInstanceOf(UnsupportedFeatureException.class)
          .hasMessageContaining("'formal' is none of [base]");
    }
  }
}
