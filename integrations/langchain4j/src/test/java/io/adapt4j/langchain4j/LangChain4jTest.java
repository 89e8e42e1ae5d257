package io.adapt4j.langchain4j;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.Result;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.core.text.RequestRefusedException;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.retrieve.Retriever;
import io.adapt4j.rag.spi.SearchIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The adapters in the hands of the real LangChain4j. */
class LangChain4jTest {

  private static final GenerationOptions OPTIONS =
      GenerationOptions.builder().temperature(0.5).maxNewTokens(77).build();

  private final List<List<ChatMessage>> asked = new ArrayList<>();
  private final List<GenerationOptions> options = new ArrayList<>();

  /** Answers with the last line of what it is asked, and keeps that. */
  private final TextGenerator echo =
      new TextGenerator() {
        @Override
        public GeneratedText generate(List<ChatMessage> messages, GenerationOptions chosen) {
          asked.add(messages);
          options.add(chosen);
          String last = messages.get(messages.size() - 1).content().toString();
          String text = last.substring(last.lastIndexOf('\n') + 1);
          return new GeneratedText(
              text, FinishReason.LENGTH, Optional.of(new TokenUsage(7, 3)), false);
        }

        @Override
        public GeneratedText stream(
            List<ChatMessage> messages, GenerationOptions chosen, Consumer<String> onText) {
          GeneratedText answer = generate(messages, chosen);
          for (String piece : answer.text().split("(?<= )", -1)) {
            onText.accept(piece);
          }
          return answer;
        }
      };

  /** An application of LangChain4j. */
  interface Assistant {
    Result<String> ask(String question);
  }

  @Test
  void anAiServiceAnswersFromOurIndexWithOurModel() {
    try (SmallIndex index = SmallIndex.ofAnimals()) {
      Assistant assistant =
          AiServices.builder(Assistant.class)
              .chatModel(LangChain4j.chatModel(echo, OPTIONS))
              .contentRetriever(LangChain4jRetrieval.contentRetriever(retriever(index, 1)))
              .build();
      Result<String> answer = assistant.ask("What do badgers eat?");
      assertThat(asked).hasSize(1);
      assertThat(asked.get(0).get(0).role()).isEqualTo("user");
      assertThat(asked.get(0).get(0).content().toString())
          .contains("What do badgers eat?", "Badgers eat worms.")
          .doesNotContain("Otters");
      assertThat(answer.content()).isEqualTo("Badgers eat worms.");
      assertThat(answer.sources()).hasSize(1);
      assertThat(answer.finishReason()).isEqualTo(dev.langchain4j.model.output.FinishReason.LENGTH);
      assertThat(answer.tokenUsage().inputTokenCount()).isEqualTo(7);
      assertThat(options.get(0).maxNewTokens()).isEqualTo(77);
    }
  }

  private static Retriever retriever(SearchIndex index, int limit) {
    return Retriever.of(
        index, new Letters(), RetrievalOptions.builder().limit(limit).parents(false).build());
  }

  @Test
  void whatARequestSaysCountsBeforeTheOptions() {
    LangChain4j.chatModel(echo, OPTIONS)
        .chat(
            ChatRequest.builder()
                .messages(
                    SystemMessage.from("Be short."), UserMessage.from("Hi"), AiMessage.from("Ho"))
                .temperature(0.0)
                .topK(5)
                .topP(0.9)
                .maxOutputTokens(3)
                .frequencyPenalty(0.5)
                .presencePenalty(-0.5)
                .stopSequences(List.of("."))
                .build());
    assertThat(asked.get(0))
        .containsExactly(
            ChatMessage.system("Be short."), ChatMessage.user("Hi"), ChatMessage.assistant("Ho"));
    assertThat(options.get(0).toString())
        .isEqualTo(
            OPTIONS.toBuilder()
                .temperature(0)
                .topK(5)
                .topP(0.9)
                .maxNewTokens(3)
                .frequencyPenalty(0.5)
                .presencePenalty(-0.5)
                .stopStrings(".")
                .build()
                .toString());
  }

  @Test
  void whatWeCannotDoIsRefused() {
    ChatModel model = LangChain4j.chatModel(echo, OPTIONS);
    ChatRequest.Builder plain = ChatRequest.builder().messages(UserMessage.from("Hi"));
    ToolSpecification tool = ToolSpecification.builder().name("clock").build();
    List<ChatRequest> refused =
        List.of(
            plain.build().toBuilder().toolSpecifications(tool).build(),
            plain.build().toBuilder().responseFormat(ResponseFormat.JSON).build(),
            plain.build().toBuilder().modelName("another").build(),
            ChatRequest.builder()
                .messages(UserMessage.from(ImageContent.from("http://localhost/a.png")))
                .build());
    for (ChatRequest request : refused) {
      refuses(UnsupportedFeatureException.class, () -> model.chat(request), "not supported");
    }
    assertThat(asked).isEmpty();
  }

  @Test
  void anAnswerIsStreamedPieceByPiece() {
    List<String> pieces = new ArrayList<>();
    List<ChatResponse> whole = new ArrayList<>();
    List<Throwable> errors = new ArrayList<>();
    streaming(echo).chat("one two three", handler(pieces, whole, errors));
    assertThat(pieces).containsExactly("one ", "two ", "three");
    assertThat(whole)
        .extracting(chatResponse -> chatResponse.aiMessage().text())
        .containsExactly("one two three");
    TextGenerator broken =
        (messages, chosen) -> {
          throw new RequestRefusedException("too long");
        };
    streaming(broken).chat("Hi", handler(pieces, whole, errors));
    assertThat(errors).hasSize(1);
    assertThat(errors.get(0)).isInstanceOf(InvalidRequestException.class).hasMessage("too long");
    assertThat(whole).hasSize(1);
  }

  /** Answers on the thread that asks. */
  private static StreamingChatModel streaming(TextGenerator generator) {
    return Adapt4jStreamingChatModel.builder()
        .generator(generator)
        .options(OPTIONS)
        .executor(Runnable::run)
        .build();
  }

  @Test
  void anAnswerThatIsCancelledEndsWithoutAnotherWord() {
    List<String> pieces = new ArrayList<>();
    List<Object> ends = new ArrayList<>();
    StreamingChatResponseHandler handler =
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
            pieces.add(piece.text());
            if (pieces.size() == 2) {
              context.streamingHandle().cancel();
            }
          }

          @Override
          public void onCompleteResponse(ChatResponse response) {
            ends.add(response);
          }

          @Override
          public void onError(Throwable error) {
            ends.add(error);
          }
        };
    streaming(new Script()).chat("Tell me a long story", handler);
    assertThat(pieces).containsExactly("Once", " upon");
    assertThat(ends).isEmpty();
  }

  private static StreamingChatResponseHandler handler(
      List<String> pieces, List<ChatResponse> whole, List<Throwable> errors) {
    return new StreamingChatResponseHandler() {
      @Override
      public void onPartialResponse(String piece) {
        pieces.add(piece);
      }

      @Override
      public void onCompleteResponse(ChatResponse response) {
        whole.add(response);
      }

      @Override
      public void onError(Throwable error) {
        errors.add(error);
      }
    };
  }

  @Test
  void theirChatModelAnswersAsOurGenerator() {
    TextGenerator back = LangChain4j.generator(LangChain4j.chatModel(echo, OPTIONS));
    GenerationOptions chosen =
        GenerationOptions.builder().temperature(0.2).maxNewTokens(9).topK(3).build();
    List<ChatMessage> messages =
        List.of(ChatMessage.system("s"), ChatMessage.user("u"), ChatMessage.assistant("a"));
    GeneratedText answer = back.generate(messages, chosen);
    assertThat(answer)
        .isEqualTo(
            new GeneratedText("a", FinishReason.LENGTH, Optional.of(new TokenUsage(7, 3)), false));
    assertThat(asked.get(0)).isEqualTo(messages);
    assertThat(options.get(0).toString()).isEqualTo(chosen.toString());
    GenerationOptions minP = chosen.toBuilder().minP(0.1).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> back.generate(messages, minP))
        .withMessageContaining("minP: expected it unset for a model of LangChain4j, found 0.1");
  }

  @Test
  void theirFailuresAreOurs() {
    assertThatThrownBy(() -> failing(new InvalidRequestException("too long")))
        .isInstanceOf(RequestRefusedException.class)
        .hasMessageContaining("too long");
    assertThatThrownBy(() -> failing(new LangChain4jException("gone")))
        .isInstanceOf(GeneratorException.class)
        .isNotInstanceOf(RequestRefusedException.class)
        .hasMessageContaining("gone");
  }

  private static void failing(RuntimeException failure) {
    ChatModel model =
        new ChatModel() {
          @Override
          public ChatResponse doChat(ChatRequest request) {
            throw failure;
          }
        };
    LangChain4j.generator(model).generate("Hi", GenerationOptions.defaults());
  }
}
