package io.adapt4j.upkeep.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.util.Base64;

/** Ed25519 signatures of a version's name and digest. */
final class Signatures {

  static final String FILE = "signature.json";

  private static final String ALGORITHM = "Ed25519";
  private static final int MOST_BYTES = 1 << 16;

  private Signatures() {}

  private static byte[] signed(ModelVersion version) {
    return ("adapt4j model version 1\n" + version.name() + "\n" + version.digest() + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  static void write(Path home, ModelVersion version, PrivateKey key) throws IOException {
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initSign(key);
      signature.update(signed(version));
      ObjectNode json = JsonNodeFactory.instance.objectNode().put("algorithm", ALGORITHM);
      json.put("signature", Base64.getEncoder().encodeToString(signature.sign()));
      AtomicFiles.writeJson(home.resolve(FILE), json);
    } catch (GeneralSecurityException e) {
      throw new RegistryException(
          version.reference() + ": signing failed: " + e + ". Give an Ed25519 private key.", e);
    }
  }

  static boolean verify(Path home, ModelVersion version, PublicKey key) throws IOException {
    Path file = home.resolve(FILE);
    try {
      String text = Json.parse(BoundedFiles.readText(file, MOST_BYTES)).path("signature").asText();
      byte[] bytes = Base64.getDecoder().decode(text);
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initVerify(key);
      signature.update(signed(version));
      return signature.verify(bytes);
    } catch (NoSuchFileException e) {
      return false;
    } catch (SignatureException | JsonProcessingException | IllegalArgumentException e) {
      return false;
    } catch (GeneralSecurityException e) {
      throw new RegistryException(
          version.reference() + ": expected an Ed25519 public key: " + e + ". Give one.", e);
    }
  }
}
