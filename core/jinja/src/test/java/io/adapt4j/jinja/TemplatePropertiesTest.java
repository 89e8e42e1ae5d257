package io.adapt4j.jinja;

import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class TemplatePropertiesTest {

  private static final RenderOptions SMALL =
      RenderOptions.defaults().withMaxSteps(20_000).withMaxOutput(20_000);

  @Property(tries = 3000)
  void anyTextIsRenderedOrRefusedAndNothingElse(@ForAll("sources") String source) {
    try {
      Rendered rendered = Template.parse(source).render(variables(), SMALL);
      assertThat(rendered.text()).isNotNull();
    } catch (TemplateException e) {
      assertThat(e.line()).isPositive();
      assertThat(e.getMessage()).contains("line " + e.line());
    }
  }

  @Property(tries = 3000)
  void anyExpressionIsRenderedOrRefusedAndNothingElse(@ForAll("expressions") String expression) {
    try {
      assertThat(Template.parse("{{ " + expression + " }}").render(variables(), SMALL).text())
          .isNotNull();
    } catch (TemplateException e) {
      assertThat(e.line()).isPositive();
    }
  }

  @Property
  void textWithoutTagsStaysAsItIs(@ForAll("plainTexts") String text) {
    assertThat(Template.parse(text + ".").render(Map.of())).isEqualTo(text + ".");
  }

  @Property
  void aVariableIsPrintedAsItIs(@ForAll String text) {
    assertThat(Template.parse("{{ x }}").render(Map.of("x", text))).isEqualTo(text);
  }

  @Property
  void aLiteralMeansItsText(@ForAll("plainTexts") String text) {
    String literal = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n");
    assertThat(Template.parse("{{ '" + literal + "' }}").render(Map.of())).isEqualTo(text);
  }

  private static Map<String, Object> variables() {
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put("xs", List.of(3, 1, 2));
    variables.put("s", "a \uD83D\uDE00 b");
    variables.put("m", Map.of("role", "user"));
    variables.put("n", null);
    variables.put("f", 1.5);
    variables.put("mixed", Arrays.asList(1, "a", null, List.of()));
    return variables;
  }

  @Provide
  Arbitrary<String> plainTexts() {
    return Arbitraries.strings()
        .withChars("abc {}<|>\u00e9\n\t\\'\"-%#")
        .map(text -> text.replaceAll("\\{(?=[{%#])", "("));
  }

  @Provide
  Arbitrary<String> sources() {
    return pieces(
        split(
            "~",
            "{{~}}~{%~%}~{#~#}~-~+~ ~\n~if~else~endif~for~in~endfor~set~endset~macro~endmacro",
            "call~endcall~raw~endraw~generation~endgeneration~with~endwith~filter~endfilter",
            "break~x~xs~m.role~=~1~'a'~|~upper~(~)~,~recursive~loop~\uD83D\uDE00"));
  }

  @Provide
  Arbitrary<String> expressions() {
    return pieces(
        split(
            "^",
            "xs^s^m^n^f^mixed^1^0^-1^2.5^'a'^'%s'^'{}'^none^true^+^-^*^**^/^//^%^~^==^<^ in ",
            " is ^ not ^ and ^ if ^ else ^(^)^[^]^{^}^:^,^.^|^=^upper^join^sort^map^list^tojson",
            "format^split^replace^items^round^int^first^batch^slice^truncate^wordwrap^defined^odd",
            "divisibleby^range^namespace^dict^cycler"));
  }

  private static Arbitrary<String> pieces(String... pieces) {
    return Arbitraries.of(pieces).list().ofMaxSize(25).map(list -> String.join("", list));
  }
}
