package io.adapt4j.rag.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import org.junit.jupiter.api.Test;

class DocTagsTest {

  private static String text(String tagged) {
    return DocTags.parse(tagged, false).text();
  }

  @Test
  void headingsListsAndParagraphsBecomeMarkdown() {
    assertThat(
            text(
                "<doctag><page_header><loc_1><loc_1><loc_9><loc_9>Shop</page_header>\n"
                    + "<title>Returns</title><section_header_level_1>How\nlong</section_header_level_1>\n"
                    + "<text>Ten days, if a < b.</text>"
                    + "<unordered_list><list_item>With bill</list_item>\n"
                    + "<list_item>- Unused</list_item></unordered_list>"
                    + "<ordered_list><list_item>Call</list_item><list_item>2. Send</list_item>"
                    + "</ordered_list><text>Thanks</text></doctag><|end_of_text|>"))
        .isEqualTo(
            """
            Shop

            # Returns

            ## How long

            Ten days, if a < b.

            - With bill
            - Unused

            1. Call
            2. Send

            Thanks""");
  }

  @Test
  void placesPointToTheTextOfTheirElement() {
    PageText page =
        DocTags.parse(
            "<doctag><text><loc_50><loc_100><loc_250><loc_125>One</text>"
                + "<text>No place</text>"
                + "<picture><loc_0><loc_200><loc_500><loc_400><bar_chart><caption><loc_10><loc_410>"
                + "<loc_490><loc_420>Sales</caption></picture></doctag>",
            false);
    assertThat(page.text()).isEqualTo("One\n\nNo place\n\nSales");
    assertThat(page.boxes())
        .extracting(
            box -> box.span().of(page.text()),
            PageBox::left,
            PageBox::top,
            PageBox::right,
            PageBox::bottom)
        .containsExactly(tuple("One", 0.1, 0.2, 0.5, 0.25), tuple("Sales", 0.02, 0.82, 0.98, 0.84));
  }

  @Test
  void tablesBecomeHtmlWithMergedCells() {
    PageText page =
        DocTags.parse(
            "<otsl><loc_10><loc_20><loc_30><loc_40><caption>Prices</caption>"
                + "<ched>Item<ched>Price<lcel><nl>"
                + "<rhed>Tea & milk<fcel>1.20<ecel><nl>"
                + "<ucel><fcel>2.40<fcel>x<nl></otsl>",
            false);
    String table =
        """
        <table>
        <tr><th>Item</th><th colspan="2">Price</th></tr>
        <tr><th rowspan="2">Tea &amp; milk</th><td>1.20</td><td></td></tr>
        <tr><td>2.40</td><td>x</td></tr>
        </table>""";
    assertThat(page.text()).isEqualTo("Prices\n\n" + table);
    assertThat(page.boxes().get(0).span().of(page.text())).isEqualTo(table);
  }

  @Test
  void codeAndFormulasAreMarked() {
    assertThat(text("<code><_Java_>int i;</code><code><_python_>i = 1</code>"))
        .isEqualTo("```\nint i;\n```\n\n```\ni = 1\n```");
    assertThat(text("<formula>a^2</formula><checkbox_selected>Yes</checkbox_selected>"))
        .isEqualTo("$$a^2$$\n\n[x] Yes");
  }

  @Test
  void brokenMarkupKeepsItsWords() {
    assertThat(text("<doctag><text><loc_1><loc_2>cut off <b>bold</b>"))
        .isEqualTo("cut off <b>bold</b>");
    assertThat(text("stray</text></otsl><loc_7><fcel> words<text>a<title>b</text>c"))
        .isEqualTo("stray\n\nwords\n\n# b\n\na\n\nc");
    assertThat(text("<otsl><nl><nl></otsl><text></text>")).isEmpty();
    assertThat(DocTags.parse("<text><loc_9><loc_999><loc_3><loc_0>x</text>", true).boxes())
        .extracting(PageBox::left, PageBox::top, PageBox::bottom)
        .containsExactly(tuple(0.006, 0.0, 1.0));
  }
}
