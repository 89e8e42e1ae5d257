package io.adapt4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.chat.ChatTemplate;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which way to write calls is found in a template. */
class ToolFormatTest {

  @ParameterizedTest
  @CsvSource({
    "qwen2_5, HERMES",
    "qwen2_5_training, HERMES",
    "qwen3, HERMES",
    "llama3_2, LLAMA",
    "qwen_xml, QWEN_XML",
    "glm, GLM",
    "mistral_list, MISTRAL_LIST",
    "mistral, MISTRAL",
    "mistral_ids, MISTRAL",
    "chatml, HERMES",
    "gemma, HERMES",
    "llama3, HERMES",
    "mistral_v1, HERMES",
    "zephyr, HERMES",
    "deepseek_v3, DEEPSEEK",
    "deepseek_v31, DEEPSEEK",
    "kimi, KIMI",
    "command_r, COMMAND_R",
    "minimax, MINIMAX",
    "lfm2, PYTHONIC",
    "llama4, PYTHONIC",
    "gemma4, GEMMA",
    "function_gemma, GEMMA",
    "gpt_oss, HARMONY"
  })
  void theFormatOfATemplateIsFoundByWhatItWrites(String template, ToolFormat format) {
    assertThat(ToolFormat.of(TestTools.template(template))).isEqualTo(format);
  }

  @Test
  void callsInAWayThatIsNotKnownAreAskedForInWords() {
    ChatTemplate template =
        ChatTemplate.of(
            "{{ tools }}{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}"
                + "<|call|>{{ c.function.name }}({{ c.function.arguments }}){% endfor %}{% endfor %}",
            Map.of());
    assertThat(ToolFormat.of(template)).isEqualTo(ToolFormat.HERMES);
  }
}
