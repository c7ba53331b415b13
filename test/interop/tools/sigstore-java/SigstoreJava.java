// SPDX-License-Identifier: Apache-2.0
// The published library behind the command line of sigstore-conformance: its own program is not published. Nothing is decided here.
//   sign-bundle --identity-token T --bundle B (--trusted-root R --signing-config S | TUF) FILE
//   verify-bundle --bundle B --certificate-identity I --certificate-oidc-issuer U (--trusted-root R | TUF) FILE
//   token --issuer U
//   TUF: --tuf-mirror M --tuf-root ROOT.json --tuf-cache DIR

import dev.sigstore.AlgorithmRegistry.SigningAlgorithm;
import dev.sigstore.KeylessSigner;
import dev.sigstore.KeylessVerifier;
import dev.sigstore.SigningConfigProvider;
import dev.sigstore.TrustedRootProvider;
import dev.sigstore.VerificationOptions;
import dev.sigstore.VerificationOptions.CertificateMatcher;
import dev.sigstore.bundle.Bundle;
import dev.sigstore.oidc.client.OidcClients;
import dev.sigstore.oidc.client.TokenStringOidcClient;
import dev.sigstore.oidc.client.WebOidcClient;
import dev.sigstore.strings.StringMatcher;
import dev.sigstore.trustroot.Service;
import dev.sigstore.tuf.RootProvider;
import dev.sigstore.tuf.SigstoreTufClient;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

public final class SigstoreJava {
  public static void main(String[] args) throws Exception {
    Map<String, String> options = new HashMap<>();
    for (int i = 1; i + 1 < args.length; i += 2) options.put(args[i], args[i + 1]);
    Path file = Path.of(args[args.length - 1]);
    if (args[0].equals("sign-bundle")) sign(options, file);
    else if (args[0].equals("verify-bundle")) verify(options, file);
    else if (args[0].equals("token")) token(options);
    else throw new IllegalArgumentException(args[0]);
  }

  private static void verify(Map<String, String> options, Path file) throws Exception {
    CertificateMatcher signer =
        CertificateMatcher.fulcio()
            .subjectAlternativeName(StringMatcher.string(options.get("--certificate-identity")))
            .issuer(StringMatcher.string(options.get("--certificate-oidc-issuer")))
            .build();
    KeylessVerifier verifier =
        KeylessVerifier.builder().trustedRootProvider(trustedRoot(options)).build();
    Bundle bundle = Bundle.from(Path.of(options.get("--bundle")), StandardCharsets.UTF_8);
    verifier.verify(
        file, bundle, VerificationOptions.builder().addCertificateMatchers(signer).build());
  }

  private static void sign(Map<String, String> options, Path file) throws Exception {
    KeylessSigner signer =
        KeylessSigner.builder()
            .trustedRootProvider(trustedRoot(options))
            .signingConfigProvider(signingConfig(options))
            .signingAlgorithm(SigningAlgorithm.PKIX_ECDSA_P256_SHA_256)
            .enableRekorV2(true)
            .oidcClients(
                OidcClients.of(TokenStringOidcClient.from(options.get("--identity-token"))))
            .build();
    Files.writeString(Path.of(options.get("--bundle")), signer.signFile(file).toJson());
  }

  /** Signs a person in; without a desktop the library prints the address to open. */
  private static void token(Map<String, String> options) throws Exception {
    Service issuer = Service.of(URI.create(options.get("--issuer")), 1);
    WebOidcClient client = WebOidcClient.builder().setIssuer(issuer).build();
    System.out.println("token " + client.getIDToken(System.getenv()).getIdToken());
  }

  private static TrustedRootProvider trustedRoot(Map<String, String> options) throws Exception {
    String path = options.get("--trusted-root");
    return path == null
        ? TrustedRootProvider.from(tuf(options))
        : TrustedRootProvider.from(Path.of(path));
  }

  private static SigningConfigProvider signingConfig(Map<String, String> options) throws Exception {
    String path = options.get("--signing-config");
    return path == null
        ? SigningConfigProvider.from(tuf(options))
        : SigningConfigProvider.from(Path.of(path));
  }

  private static SigstoreTufClient.Builder tuf(Map<String, String> options) throws Exception {
    return SigstoreTufClient.builder()
        .tufMirror(
            URI.create(options.get("--tuf-mirror")),
            RootProvider.fromFile(Path.of(options.get("--tuf-root"))))
        .tufCacheLocation(Path.of(options.get("--tuf-cache")));
  }
}
