package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.lora.MergeDescription;
import io.adapt4j.structured.Grammar;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.Regex;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.ToolFormat;
import io.adapt4j.tools.ToolParser;
import io.adapt4j.upkeep.feedback.FeedbackRules;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Readers of texts: templates, descriptions, schemas, answers of models. */
final class TextTargets {

  private static final List<ChatMessage> CONVERSATION =
      List.of(
          ChatMessage.system("Be brief."), ChatMessage.user("Hello"), ChatMessage.assistant("Hi"));

  private TextTargets() {}

  static List<FuzzTarget> all() {
    List<FuzzTarget> all = new ArrayList<>(texts());
    for (ToolFormat format : ToolFormat.values()) {
      all.add(answers(format));
    }
    return all;
  }

  private static List<FuzzTarget> texts() {
    return List.of(
        new FuzzTarget(
            "template",
            () ->
                List.of(
                    seed(
                        """
                    {%- for m in messages %}{{ '<|' ~ m['role'] ~ '|>' }}
                    {%- if loop.first and m.content|trim %}{{ m.content[1:] }}{% else %}
                    {%- set n = namespace(x=1) %}{{ m.content.split(' ')|join('-') }}{% endif %}
                    {%- endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}
                    """),
                    seed(
                        "{% macro f(a, b=2) %}{{ a + b }}{% endmacro %}{{ f(1) }}{{ 7 // 2 ** 3 }}")),
            Scratch.text(
                source ->
                    ChatTemplate.of(source, Map.of("bos_token", "<s>"))
                        .render(CONVERSATION, ChatOptions.defaults()))),
        new FuzzTarget(
            "run",
            () ->
                List.of(
                    seed(
                        """
                    model: base
                    task: nextTokens
                    data:
                      path: data.csv
                      delimiter: ";"
                      map: {question: prompt, reply: completion}
                      split: {train: 0.8, validation: 0.1, test: 0.1, seed: 42}
                    method:
                      lora: {rank: 8, alpha: 32, targets: all-linear, dropout: 0.05}
                    neftune: 5
                    epochs: 1
                    learningRate: 1e-4
                    output: out
                    """)),
            Scratch.file(
                "run.yaml",
                Map.of("data.csv", "question;reply\n" + "a;b\n".repeat(10)),
                file -> {
                  RunDescription run = RunDescription.read(file);
                  run.text();
                  run.data();
                  run.builder();
                })),
        new FuzzTarget(
            "task",
            () ->
                List.of(
                    seed(
                        """
                    tasks:
                      - name: support
                        answers:
                          path: exam.jsonl
                          prompt: "Question: {question}"
                          answer: reply
                          extract: {last: "\\\\d+"}
                          metrics: [squad]
                      - perplexity: {path: exam.txt, window: 8, stride: 4}
                        general: true
                        limit: 500
                    """)),
            Scratch.file(
                "task.yaml",
                Map.of(
                    "exam.txt",
                    "A text.",
                    "exam.jsonl",
                    "{\"question\": \"a\", \"reply\": \"b\"}\n"),
                Tasks::read)),
        new FuzzTarget(
            "merge",
            () ->
                List.of(
                    seed(
                        """
                    method: {ties: {density: 0.5}}
                    dialect: mergekit
                    base: a
                    models:
                      - {model: a, weight: 0.5}
                      - {model: b, adapter: c, weight: 0.8, density: 0.2}
                    """),
                    seed(
                        """
                    method: linear
                    base: a
                    models: [{model: a, weight: 0.7}, {model: b}]
                    """)),
            Scratch.file("merge.yaml", MergeDescription::read)),
        new FuzzTarget(
            "feedback-rules",
            () -> List.of(seed("rules: [rated-up, correction]\nmask: false\n")),
            Scratch.file("rules.yaml", FeedbackRules::read)),
        new FuzzTarget(
            "json-schema",
            () ->
                List.of(
                    seed(
                        """
                    {"type": "object", "properties": {"a": {"type": "integer", "minimum": 3},
                     "b": {"enum": ["x", null, 1.5]}, "c": {"$ref": "#/$defs/d"}},
                     "required": ["a"], "additionalProperties": false,
                     "$defs": {"d": {"type": "array", "items": {"type": "string",
                     "pattern": "^[a-z]+$"}, "maxItems": 3}}}
                    """)),
            Scratch.text(JsonSchema::parse)),
        new FuzzTarget(
            "grammar",
            () ->
                List.of(
                    seed("root ::= \"a\" item* [0-9]{2,3}\nitem ::= (\"x\" | \"y\")+ # comment\n")),
            Scratch.text(Grammar::parse)),
        new FuzzTarget(
            "regex",
            () -> List.of(seed("^(?:a|[^b-d]{1,3})+\\d?\\.(x|yz)*$")),
            Scratch.text(Regex::of)));
  }

  private static FuzzTarget answers(ToolFormat format) {
    List<Tool> tools =
        List.of(
            Tool.of(
                "weather",
                "The weather",
                Map.of("type", "object", "properties", Map.of("city", Map.of("type", "string")))));
    return new FuzzTarget(
        "answer-" + format.name().toLowerCase(Locale.ROOT).replace('_', '-'),
        () ->
            List.of(
                seed(
                    "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n</tool_call>"),
                seed("<think>hm</think>[TOOL_CALLS][{\"name\": \"weather\", \"arguments\": {}}]"),
                seed(
                    "<tool_call>\n<function=weather>\n<parameter=city>\nBern\n</parameter>\n</function>\n</tool_call>"),
                seed("<|python_tag|>{\"name\": \"weather\", \"parameters\": {\"city\": \"Bern\"}}"),
                seed(
                    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{\"city\": \"Bern\"}"
                        + "<｜tool▁call▁end｜><｜tool▁calls▁end｜>"),
                seed(
                    "<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0"
                        + "<|tool_call_argument_begin|>{\"city\": \"Bern\"}<|tool_call_end|>"
                        + "<|tool_calls_section_end|>"),
                seed(
                    "<|START_THINKING|>hm<|END_THINKING|><|START_ACTION|>[{\"tool_call_id\": \"0\","
                        + " \"tool_name\": \"weather\", \"parameters\": {\"city\": \"Bern\"}}]"
                        + "<|END_ACTION|>"),
                seed(
                    "<minimax:tool_call>\n<invoke name=\"weather\">\n<parameter name=\"city\">Bern"
                        + "</parameter>\n</invoke>\n</minimax:tool_call>"),
                seed(
                    "<|tool_call_start|>[weather(city='B\\u00e9rn', n=[1, -2.5e3])]<|tool_call_end|>"),
                seed("<|tool_call>call:weather{city:<|\"|>Bern<|\"|>,n:[1,true]}<tool_call|>"),
                seed(
                    "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary"
                        + " to=functions.weather <|constrain|>json<|message|>{\"city\": \"Bern\"}<|call|>")),
        Scratch.text(
            text -> {
              ToolParser parser = ToolParser.of(format, tools, false, event -> {});
              // Cut as pieces come: where the text is cut must not matter.
              int cut = text.length() / 3;
              for (String piece : Arrays.asList(text.substring(0, cut), text.substring(cut))) {
                parser.accept(piece);
              }
              Object inPieces = parser.finish().text();
              ToolParser whole = ToolParser.of(format, tools, false, event -> {});
              whole.accept(text);
              if (!whole.finish().text().equals(inPieces)) {
                throw new AssertionError("where the answer is cut changes what is read");
              }
            }));
  }

  private static byte[] seed(String text) {
    return text.getBytes(UTF_8);
  }
}
