package io.adapt4j.core.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.inspect.ModelWarning.Kind;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LicenseTermsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mit",
        "apache-2.0",
        "Apache-2.0",
        "bsd-3-clause",
        "cc-by-4.0",
        "cc0-1.0",
        "unlicense",
        "cdla-permissive-2.0",
        "odc-by",
        "isc",
        "wtfpl",
        "afl-3.0"
      })
  void permissiveLicensesNeedNoWarning(String id) {
    assertThat(kinds("license: " + id, true)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "license: cc-by-nc-4.0",
        "license: cc-by-nc-sa-4.0",
        "license: [mit, cc-by-nc-2.0]",
        "license: h-research",
        "license: fair-noncommercial-research-license",
        "license: apple-amlr",
        "license: other\nlicense_name: made-up-non-commercial",
        "license: other\nlicense_name: Qwen-Research",
        "license: other\nlicense_name: mrl",
        "license: other\nlicense_name: academic use",
        "license: other\nlicense_name: mnpl-0.1",
        "license: other\nlicense_name: Some Research-Only License"
      })
  void nonCommercialLicensesForbidOnlyCommercialUse(String front) {
    assertThat(kinds(front, true)).contains(Kind.LICENSE_FORBIDS_COMMERCIAL_USE);
    assertThat(kinds(front, false))
        .doesNotContain(Kind.LICENSE_FORBIDS_COMMERCIAL_USE, Kind.LICENSE_UNKNOWN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama2",
        "llama3.1",
        "llama3.2",
        "llama4",
        "gemma",
        "openrail",
        "bigscience-openrail-m",
        "creativeml-openrail-m",
        "bigcode-openrail-m",
        "bigscience-bloom-rail-1.0",
        "gpl-3.0",
        "agpl-3.0",
        "cc-by-sa-4.0"
      })
  void communityAndShareAlikeLicensesHaveConditions(String id) {
    assertThat(kinds("license: " + id, true)).containsExactly(Kind.LICENSE_HAS_CONDITIONS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"other", "unknown", "cc", "made-up", "abc"})
  void otherLicensesAreToBeRead(String id) {
    assertThat(kinds("license: " + id, true)).containsExactly(Kind.LICENSE_UNKNOWN);
  }

  @Test
  void noDerivativesForbidsSharingWhatIsFineTuned() {
    assertThat(kinds("license: cc-by-nd-4.0", true)).containsExactly(Kind.LICENSE_FORBIDS_CHANGES);
    assertThat(kinds("license: cc-by-nc-nd-4.0", true))
        .containsExactly(Kind.LICENSE_FORBIDS_COMMERCIAL_USE, Kind.LICENSE_FORBIDS_CHANGES);
  }

  @Test
  void messagesNameTheLicenseAndWhereToReadIt() {
    assertThat(LicenseTerms.warnings(Cards.read("custom-license"), Optional.empty(), true))
        .singleElement()
        .extracting(ModelWarning::message)
        .asString()
        .contains("'other: made-up-license'")
        .contains("https://example.org/license");
  }

  @Test
  void withoutALicenseTheCardsSectionOnItIsNamed() {
    List<ModelWarning> warnings =
        LicenseTerms.warnings(Cards.read("no-front-matter"), Optional.empty(), false);
    assertThat(warnings).extracting(ModelWarning::kind).containsExactly(Kind.LICENSE_NOT_STATED);
    assertThat(warnings.get(0).message()).contains("section 'License'");
    assertThat(LicenseTerms.warnings(ModelCard.empty(), Optional.empty(), true)).hasSize(1);
  }

  @Test
  void theTextOfAnUnknownLicenseIsSearched() {
    ModelCard card = Cards.read("custom-license");
    assertThat(LicenseTerms.warnings(card, Optional.of("For NON-COMMERCIAL use."), true))
        .singleElement()
        .extracting(ModelWarning::message)
        .asString()
        .contains("speaks of non-commercial use");
    assertThat(LicenseTerms.warnings(card, Optional.of("Do what you want."), true))
        .singleElement()
        .extracting(ModelWarning::message)
        .asString()
        .contains("a license file in the folder");
  }

  private static List<Kind> kinds(String front, boolean commercial) {
    ModelCard card = ModelCard.parse(Path.of("README.md"), "---\n" + front + "\n---\n");
    return LicenseTerms.warnings(card, Optional.empty(), commercial).stream()
        .map(ModelWarning::kind)
        .toList();
  }
}
