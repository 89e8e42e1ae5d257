package io.adapt4j.core.hub;

import io.adapt4j.core.internal.http.RetryLaterException;
import java.io.IOException;
import java.net.http.HttpHeaders;

/**
 * Converts error responses to messages. The Hub's {@code X-Error-Code} names what is missing, since
 * the status is 401 even for repositories that do not exist.
 */
record HttpErrors(HubSettings settings, RepositoryId repository) {

  HubException explain(int status, HttpHeaders headers, String revision, String file)
      throws IOException {
    String said =
        status
            + headers.firstValue("X-Error-Message").map(m -> ", " + settings.shown(m)).orElse("");
    if (RetryLaterException.isForNow(status)) {
      throw new RetryLaterException("the server answered " + said, headers);
    }
    String code = headers.firstValue("X-Error-Code").orElse("");
    String what = repository + "@" + revision + (file.isEmpty() ? "" : ": " + file);
    return new HubException(
        what + ": " + words(status, code) + " (the server answered " + said + ")");
  }

  private String words(int status, String code) {
    String page = settings.endpoint() + "/" + repository.page();
    return switch (code) {
      case "GatedRepo" -> gated(page);
      case "RevisionNotFound" ->
          "the repository has no such revision. See its branches and tags at " + page;
      case "EntryNotFound" ->
          "the revision has no such file. See its files at " + page + "/tree/main";
      case "RepoNotFound" -> notFound();
      default -> wordsOfStatus(status, page);
    };
  }

  private String wordsOfStatus(int status, String page) {
    String endpoint = "HF_ENDPOINT (" + settings.endpoint() + ")";
    return switch (status) {
      case 401 -> notFound();
      case 403 ->
          "access is forbidden. If the repository is gated, accept its terms at "
              + page
              + "; then set HF_TOKEN to a token that may read it";
      case 404 -> "not found. Check the name, the revision and " + endpoint;
      default -> "the request failed. Check " + endpoint;
    };
  }

  private String gated(String page) {
    return "the repository is gated. Accept its terms at "
        + page
        + " and "
        + (settings.token().isPresent()
            ? "check that HF_TOKEN is a token of that account"
            : "set HF_TOKEN to a read token of that account");
  }

  private String notFound() {
    return settings.token().isPresent()
        ? "the repository does not exist, or the access token is invalid or may not read it. Check"
            + " the name and HF_TOKEN"
        : "the repository does not exist, or is private or gated and no access token is set. Check"
            + " the name; for a private one create a read token at "
            + settings.endpoint()
            + "/settings/tokens and set HF_TOKEN";
  }
}
