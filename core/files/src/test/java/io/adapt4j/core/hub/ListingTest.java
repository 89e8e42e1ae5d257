package io.adapt4j.core.hub;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ListingTest {

  private static final String SHA = TestHub.COMMIT;

  private static Listing read(String json) throws IOException {
    return Listing.ofApi(
        RepositoryId.model("acme/tiny"),
        new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void whatTheCacheKeepsOfAFileIsThePythonClients() throws IOException {
    Listing listing =
        read(
            """
            {"id": {"ignored": [1]}, "siblings": [
              {"rfilename": "a", "size": 3, "blobId": "b", "xetHash": "x",
               "lfs": {"sha256": "s", "size": 5, "pointerSize": 7}},
              {"rfilename": "c", "size": 0, "blobId": "d"}], "sha": "%s"}
            """
                .formatted(SHA));
    assertThat(listing.names()).containsExactly("a", "c");
    JsonNode tree = listing.toTree().orElseThrow();
    assertThat(tree)
        .hasToString(
            """
            {"format_version":1,"files":{\
            "a":{"size":3,"blob_id":"b","lfs_sha256":"s","lfs_size":5,"xet_hash":"x"},\
            "c":{"size":0,"blob_id":"d"}}}""");
    assertThat(Listing.ofTree(SHA, tree.toString()).orElseThrow()).isEqualTo(listing);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"rfilename\": \"a\"}",
        "{\"rfilename\": \"a\", \"size\": 3}",
        "{\"rfilename\": \"a\", \"blobId\": \"b\"}",
        "{\"rfilename\": \"a\", \"size\": \"3\", \"blobId\": \"b\"}"
      })
  void aListingThatLacksSizesOrHashesIsNotKept(String sibling) throws IOException {
    Listing listing = read("{\"sha\": \"" + SHA + "\", \"siblings\": [" + sibling + "]}");
    assertThat(listing.names()).containsExactly("a");
    assertThat(listing.toTree()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          []                                             | no JSON object
          {                                              | no JSON
          {}                                             | no 'sha' and 'siblings'
          {"siblings": []}                               | no 'sha' and 'siblings'
          {"sha": "0"}                                   | no 'sha' and 'siblings'
          {"sha": 1, "siblings": []}                     | no 'sha' and 'siblings'
          {"sha": "0", "siblings": {}}                   | no 'sha' and 'siblings'
          {"sha": "0", "siblings": [{"rfilename": 1}]}   | a file without 'rfilename'
          {"sha": "0", "siblings": []}                   | expected 40 hexadecimal digits
          """)
  void anAnswerThatIsNoListingIsRefused(String json, String problem) {
    refuses(HubException.class, () -> read(json), problem);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"format_version\": 2, \"files\": {}}",
        "{\"files\": {}}",
        "{\"format_version\": 1, \"files\": []}",
        "{\"format_version\": 1}"
      })
  void whatAnotherVersionKeptOrWhatIsDamagedIsNotUsed(String json) {
    assertThat(Listing.ofTree(SHA, json)).isEmpty();
  }
}
