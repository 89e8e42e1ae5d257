package io.adapt4j.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.TextConstraint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model that has never seen a tool calls some, since its answers are constrained. */
@Timeout(300)
class ToolChatTest {

  private static final List<ChatMessage> ASKED = List.of(ChatMessage.user("Is it warm in Rome?"));

  /** Bounded, so that a model of stories comes to an end. */
  private static final Tool WEATHER = Tool.of("get_weather", "The weather in a city.", schema());

  @AutoClose
  private static final LanguageModel model =
      LanguageModel.load(
          ModelSource.path(Path.of("../examples/models/stories260K")), Precision.FP32);

  private static Map<String, Object> schema() {
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("city", Map.of("type", "string", "enum", List.of("Rome", "Oslo")));
    properties.put("days", Map.of("type", "integer", "minimum", 1, "maximum", 20));
    properties.put("metric", Map.of("type", "boolean"));
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", properties);
    schema.put("required", List.of("city", "days"));
    return schema;
  }

  private static GenerationOptions sampled(long seed) {
    return GenerationOptions.builder()
        .temperature(1.3)
        .maxNewTokens(300)
        .seed(seed)
        .ignoreContextLength(true)
        .build();
  }

  private static void assertFulfills(ToolCall call) {
    if (call.name().equals("clock")) {
      assertThat(call.argumentsMap()).isEmpty();
      return;
    }
    assertThat(call.name()).isEqualTo("get_weather");
    Map<String, Object> arguments = call.argumentsMap();
    assertThat(arguments.keySet()).isSubsetOf("city", "days", "metric").contains("city", "days");
    assertThat(arguments.get("city")).isIn("Rome", "Oslo");
    assertThat((Long) arguments.get("days")).isBetween(1L, 20L);
    assertThat(arguments.getOrDefault("metric", true)).isInstanceOf(Boolean.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "qwen2_5",
        "qwen3",
        "llama3_2",
        "qwen_xml",
        "glm",
        "mistral_list",
        "mistral",
        "mistral_ids",
        "chatml",
        "gemma"
      })
  void aRequiredCallIsAlwaysOneWhoseArgumentsAreRight(String template) {
    model.useAnyChatTemplate(TestTools.template(template));
    ToolChat chat =
        ToolChat.of(model)
            .tools(WEATHER, TestTools.CLOCK)
            .choice(ToolChoice.required())
            .parallelToolCalls(false)
            .rendering(ChatOptions.defaults().with("enable_thinking", false));
    for (long seed = 0; seed < 3; seed++) {
      Heard heard = new Heard();
      ToolAnswer answer = chat.answer(ASKED, sampled(seed), heard, new CancellationToken());
      assertThat(answer.calls()).as(answer.generation().text()).hasSize(1);
      assertThat(answer.text()).isEmpty();
      assertFulfills(answer.calls().get(0));
      assertThat(answer.finishReason().isCut()).isFalse();
      assertThat(heard.calls).hasSize(1);
      assertThat(heard.events).noneMatch(ToolEvent.CallDropped.class::isInstance);
    }
  }

  @Test
  void aNamedToolIsTheOneThatIsCalled() {
    model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
    ToolChat chat =
        ToolChat.of(model)
            .tools(WEATHER, TestTools.CLOCK)
            .choice(ToolChoice.named("clock"))
            .parallelToolCalls(false);
    for (long seed = 0; seed < 3; seed++) {
      ToolAnswer answer = chat.answer(ASKED, sampled(seed));
      assertThat(answer.calls()).extracting(ToolCall::name).containsExactly("clock");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2_5", "qwen_xml", "glm", "mistral_list", "llama3_2"})
  void leftToTheModelAnAnswerIsTextOrCallsThatAreRight(String template) {
    model.useAnyChatTemplate(TestTools.template(template));
    ToolChat chat = ToolChat.of(model).tools(WEATHER, TestTools.CLOCK);
    for (long seed = 0; seed < 3; seed++) {
      ToolAnswer answer = chat.answer(ASKED, sampled(seed).toBuilder().maxNewTokens(60).build());
      answer.calls().forEach(ToolChatTest::assertFulfills);
      assertThat(answer.callsTools() || !answer.text().isEmpty()).isTrue();
    }
  }

  @Test
  void withoutAChoiceToCallThereAreNoToolsInThePromptAndNoCalls() {
    model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
    ToolAnswer answer =
        ToolChat.of(model)
            .tools(WEATHER)
            .choice(ToolChoice.none())
            .answer(ASKED, sampled(1).toBuilder().maxNewTokens(20).build());
    assertThat(answer.text())
        .isEqualTo(model.chat(ASKED, sampled(1).toBuilder().maxNewTokens(20).build()));
    assertThat(answer.message()).isEqualTo(ChatMessage.assistant(answer.text()));
  }

  @Test
  void anAnswerThatIsCutInACallHasNone() {
    model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
    ToolAnswer answer =
        ToolChat.of(model)
            .tools(WEATHER)
            .choice(ToolChoice.required())
            .answer(ASKED, sampled(1).toBuilder().maxNewTokens(12).build());
    assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(answer.calls()).isEmpty();
    assertThat(answer.text()).startsWith("<tool_call>\n{");
  }

  @Test
  void textCanBeRestrictedBesideCalls() {
    model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
    TextConstraint yesOrNo =
        TextConstraint.alternatives(TextConstraint.literal("yes"), TextConstraint.literal("no"));
    ToolChat chat = ToolChat.of(model).tools(WEATHER).text(yesOrNo).parallelToolCalls(false);
    for (long seed = 0; seed < 3; seed++) {
      ToolAnswer answer = chat.answer(ASKED, sampled(seed));
      assertThat(answer.callsTools() || List.of("yes", "no").contains(answer.text())).isTrue();
    }
    assertThat(ToolChat.of(model).text(yesOrNo).answer(ASKED, sampled(5)).text()).isIn("yes", "no");
  }

  @Test
  void aThoughtComesBeforeWhatIsRestricted() {
    model.useAnyChatTemplate(
        ChatTemplate.of(
            "{% for m in messages %}{{ m.content }}\n{% endfor %}"
                + "{% if add_generation_prompt %}<think>\n{% endif %}{# </think> #}",
            Map.of()));
    ToolRequest request =
        ToolChat.of(model).text(TextConstraint.literal("yes")).request(ASKED, sampled(0));
    assertThat(request.mayHaveParts()).isTrue();
    ToolParser parser = request.parser(event -> {});
    parser.accept("hm</think>\nyes");
    assertThat(parser.finish()).isEqualTo(new ParsedAnswer("yes", "hm", List.of()));
  }

  @Test
  void functionsRunUntilAnAnswerCallsNothing() {
    model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
    List<Map<String, Object>> called = new ArrayList<>();
    Tool weather =
        WEATHER.with(
            arguments -> {
              called.add(arguments);
              return "30 degrees";
            });
    ToolRun run =
        ToolChat.of(model)
            .tools(weather)
            .choice(ToolChoice.named("get_weather"))
            .text(TextConstraint.literal("warm"))
            .parallelToolCalls(false)
            .run(ASKED, sampled(3), 6);
    assertThat(called).isNotEmpty();
    assertThat(run.messages().get(0)).isEqualTo(ASKED.get(0));
    ChatMessage result = run.messages().get(2);
    assertThat(result.role()).isEqualTo("tool");
    assertThat(result.content()).isEqualTo("30 degrees");
    List<?> calls = (List<?>) run.messages().get(1).fields().get("tool_calls");
    assertThat(result.fields().get("tool_call_id")).isEqualTo(((Map<?, ?>) calls.get(0)).get("id"));
    assertThat(run.isFinished()).isEqualTo(run.answer().calls().isEmpty());
    assertThat(run.messages().get(run.messages().size() - 1)).isEqualTo(run.answer().message());
  }

  @Test
  void everyStepOfARunIsRunByItsObserver() {
    model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
    List<String> steps = new ArrayList<>();
    ToolObserver observer =
        new ToolObserver() {
          @Override
          public ToolRun running(Supplier<ToolRun> run) {
            steps.add("begin");
            ToolRun result = run.get();
            steps.add("end");
            return result;
          }

          @Override
          public ToolAnswer answering(List<ChatMessage> messages, Supplier<ToolAnswer> answer) {
            steps.add("answer to " + messages.size());
            return answer.get();
          }

          @Override
          public String calling(ToolCall call, Supplier<String> result) {
            steps.add(call.name());
            return result.get();
          }
        };
    ToolRun run =
        ToolChat.of(model)
            .observer(observer)
            .tools(WEATHER.with(arguments -> "30 degrees"))
            .choice(ToolChoice.required())
            .parallelToolCalls(false)
            .run(ASKED, sampled(3), 2);
    assertThat(steps).containsExactly("begin", "answer to 1", "get_weather", "answer to 3", "end");
    assertThat(run.messages()).hasSize(4);
  }

  @Test
  void aRunIsBoundedAndTellsOfFailures() {
    model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
    ToolChat chat = ToolChat.of(model).choice(ToolChoice.required()).parallelToolCalls(false);
    Tool failing =
        WEATHER.with(
            arguments -> {
              throw new IllegalStateException("no such city");
            });
    ToolRun bounded = chat.tools(failing).run(ASKED, sampled(3), 1);
    assertThat(bounded.isFinished()).isFalse();
    assertThat(bounded.messages()).hasSize(2);
    ToolRun told = chat.tools(failing).text(TextConstraint.literal("ok")).run(ASKED, sampled(3), 2);
    assertThat(told.messages().get(2).content()).isEqualTo("Error: no such city");
    // A tool without a function is for the application to run.
    ToolRun open = chat.tools(WEATHER).run(ASKED, sampled(3), 5);
    assertThat(open.isFinished()).isFalse();
    assertThat(open.answer().calls()).hasSize(1);
    assertThat(open.messages()).hasSize(2);
  }

  @Test
  void whatCannotBeAskedForIsRefused() {
    model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
    ToolChat chat = ToolChat.of(model);
    assertThatThrownBy(() -> chat.choice(ToolChoice.required()).answer(ASKED, sampled(0)))
        .hasMessage("a call is required, but there are no tools");
    assertThatThrownBy(
            () -> chat.tools(WEATHER).choice(ToolChoice.named("x")).answer(ASKED, sampled(0)))
        .hasMessage("there is no tool called 'x', only [get_weather]");
    assertThatThrownBy(() -> chat.tools(WEATHER, WEATHER))
        .hasMessage("there are two tools called 'get_weather'");
    assertThatThrownBy(
            () ->
                chat.tools(WEATHER)
                    .answer(
                        ASKED, sampled(0).toBuilder().constraint(JsonSchema.anyObject()).build()))
        .hasMessageContaining("ToolChat.text");
    assertThatThrownBy(() -> chat.tools(WEATHER).run(ASKED, sampled(0), 0))
        .hasMessageContaining("mostAnswers");
  }

  @Test
  void aSchemaThatCannotBeEnsuredIsRefusedUnlessTheToolIsLenient() {
    model.useAnyChatTemplate(ChatTemplate.named("qwen2_5"));
    Tool odd =
        Tool.of(
            "odd",
            "",
            Map.of("type", "object", "properties", Map.of(), "unheardOf", true, "not", Map.of()));
    ToolChat chat = ToolChat.of(model).choice(ToolChoice.required()).parallelToolCalls(false);
    assertThatThrownBy(() -> chat.tools(odd).answer(ASKED, sampled(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("tool 'odd': its arguments cannot be ensured: ");
    assertThat(chat.tools(odd.lenient()).request(ASKED, sampled(0)).options().constraint())
        .isPresent();
  }
}
