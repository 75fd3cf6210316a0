"""The notation of the book: TeX of the symbols that stand in one result or a few."""

from __future__ import annotations

from sympy import Symbol

from grpo_symbolic import symbols
from grpo_symbolic.export.latex import Notation

__all__ = ["NOTATION", "SHORT"]

#: TeX of the symbols that only single results use.
NOTATION = Notation(
    extra={
        Symbol("tau", positive=True): "t",
        Symbol("A_1"): "A_1",
        Symbol("A_i"): "A_i",
        Symbol("r_1"): "r_1",
        Symbol("r_2"): "r_2",
        Symbol("R_2"): "R_2",
        Symbol("h"): "h(p)",
        Symbol("x_star"): "x^*",
        Symbol("Var_z", positive=True): r"\mathrm{Var}(z)",
        Symbol("R"): "R",
        Symbol("dpi_1"): r"\frac{\partial\pi(1)}{\partial\gamma(1,2)}",
        Symbol("P_2"): "P_2(1)-P_2(2)",
        Symbol("P_oo"): r"P_\infty(1)-P_\infty(2)",
        Symbol("P_1"): "P(1)",
        Symbol("T_o"): r"T(\pi)(o)",
        Symbol("D_TRL"): r"D_4^{\mathrm{TRL}}",
        Symbol("bias_o"): r"\mathrm{bias}_o",
        Symbol("R_oo"): r"R_\infty",
        Symbol("beta_least"): r"\beta_{\mathrm{least}}",
        Symbol("D_at_v"): r"D_\infty\big|_{p=v^2/(1+v^2)}",
        Symbol("w_1", positive=True): "w_1",
        Symbol("h_low"): r"h_{\mathrm{low}}",
        Symbol("h_high"): r"h_{\mathrm{high}}",
        Symbol("v", positive=True): "v",
        Symbol("pi_0"): r"\lim_{\pi_{\mathrm{ref}}(a) \to 0^{+}} \pi(a)",
        Symbol("D_o"): "D_o",
        Symbol("D_o_prime"): r"\frac{\partial D_o}{\partial\pi(o)}",
        Symbol("d_o"): "d(o)",
        Symbol("d_KL_direct_o"): (
            r"\frac{\partial\,\mathrm{KL}(\pi\|\pi_{\mathrm{ref}})}{\partial\pi(o)}"
        ),
        Symbol("d_KL_o"): r"\frac{\partial\,\mathrm{KL}(\pi_{\mathrm{ref}}\|\pi)}{\partial\pi(o)}",
        Symbol("pi_old", positive=True): r"\pi_{\mathrm{old}}(a)",
        Symbol("pi_o", positive=True): r"\pi(o)",
        Symbol("pi_old_o", positive=True): r"\pi_{\mathrm{old}}(o)",
        Symbol("pi_ref_o", positive=True): r"\pi_{\mathrm{ref}}(o)",
        Symbol("P_o", real=True): r"P_G(o\mid\pi)",
        Symbol("EP", real=True): r"\mathrm{E}_\pi P_G",
        Symbol("m_1", real=True): "m_1",
        Symbol("m_2", real=True): "m_2",
        Symbol("r_i", real=True): "r_i",
        Symbol("r_1", real=True): "r_1",
        Symbol("r_2", real=True): "r_2",
        Symbol("r_3", real=True): "r_3",
        Symbol("f"): "f(t)",
        Symbol("f_second"): "f''(t)",
        Symbol("h_G"): "h_G",
        Symbol("beta_G"): r"\beta_G",
        Symbol("beta_G", positive=True): r"\beta_G",
        Symbol("beta_G_sample"): r"\beta_G^{\mathrm{sample}}",
        Symbol("beta_G_shift"): r"\beta_G^{\mathrm{shift}}",
        Symbol("c_k"): "c_k",
        Symbol("c_1"): "c",
        Symbol("c_1_std"): "c_1",
        Symbol("c_1_sample"): r"c_1^{\mathrm{sample}}",
        Symbol("c_1_direct"): r"c_1^{\mathrm{direct}}",
        Symbol("c_2"): "c_2",
        Symbol("rho_G", positive=True): r"\rho_G",
        Symbol("p_next", positive=True): "p_{n+1}",
        Symbol("p_n", positive=True): "p_n",
        Symbol("Ey"): r"\mathrm{E}\,y",
        Symbol("Vy"): r"\mathrm{E}(y-x)^2",
        Symbol("C"): "C(x)",
        Symbol("C_policy"): r"C'",
        **{
            Symbol(f"pi_up_to_beta_{name}"): rf"\pi(a)+O(\beta^{{{power}}})"
            for name, power in (("m4", -4), ("3", 3), ("5", 5), ("8", 8))
        },
        Symbol("loss_direct"): r"(1-\pi(a))\,(1+o(1))",
        Symbol("loss_G"): r"\lim_{\beta\to0+}\frac{1-\pi(a)}{\beta}\Big|_{G}",
        Symbol("loss_oo"): r"\lim_{\beta\to0+}\frac{1-\pi(a)}{\beta^2}\Big|_{G=\infty}",
        Symbol("J_reverse"): r"J''_{\mathrm{reverse}}",
        Symbol("J_direct"): r"J''_{\mathrm{direct}}",
        Symbol("A_slope"): r"\partial A/\partial x",
        Symbol("t_tilt", positive=True): "t",
        Symbol("J_second"): r"J''",
        Symbol("v_within"): r"\mathrm{E}\left[\tfrac{k(G-k)}{G^2}\mid K\right]",
        Symbol("drift"): r"p(1-p)\,D_3(p)",
        Symbol("gap_penalised"): r"\tilde r(a)-\tilde r(b)",
        Symbol("D_4"): r"D_4(p)",
        **{Symbol(f"Phi_{size}"): rf"\Phi_{size}(p)" for size in (2, 4)},
        Symbol("Phi_oo"): r"\Phi_\infty(p)",
        **{Symbol(f"Phi_{size}"): rf"\Phi_{size}(p)" for size in (3, 5)},
        Symbol("Phi_G"): r"\Phi_G(p)",
        Symbol("Phi_1"): r"\Phi(1)",
        Symbol("Phi_ahead"): r"\Phi(1)-\Phi(p)",
        Symbol("curl_oo"): r"\mathrm{curl}\,P_\infty",
        Symbol("curl_2_third"): r"\mathrm{curl}\,P_2\big|_{\pi=1/3}",
        Symbol("curl_3_third"): r"\mathrm{curl}\,P_3\big|_{\pi=1/3}",
        Symbol("curl_oo_third"): r"\mathrm{curl}\,P_\infty\big|_{\pi=1/3}",
        **{
            Symbol(f"beta_cusp{size}"): rf"\beta_{{\mathrm{{cusp}}}}^{{({size})}}"
            for size in (4, 5)
        },
        **{
            Symbol(f"beta_cusp_{size}"): rf"\beta_{{\mathrm{{cusp}}}}^{{({size})}}"
            for size in (4, 5)
        },
        Symbol("beta_c"): r"\beta_c",
        Symbol("beta_cycle"): r"\beta_{\mathrm{cycle}}",
        Symbol("logit_ref"): r"\operatorname{logit}\pi_{\mathrm{ref}}(a)",
        Symbol("b_slope"): r"b'",
        Symbol("F_before", positive=True): "F_{k-1}",
        Symbol("F_k", positive=True): "F_k",
        Symbol("R_before", positive=True): "R_{k-1}",
        Symbol("R_k", positive=True): "R_k",
        Symbol("phi_R"): r"\phi(R)",
        Symbol("E_ref_P", real=True): r"\mathrm{E}_{\pi_{\mathrm{ref}}}P_G",
        Symbol("Var_P", nonnegative=True): r"\mathrm{Var}_\pi(P_G)",
        Symbol("m_ref", real=True): "m",
        Symbol("r_o", real=True): "r(o)",
        Symbol("mu", real=True): r"\mu",
        Symbol("tau_a", positive=True): r"\tau_a",
        Symbol("tau_b", positive=True): r"\tau_b",
        Symbol("t_star"): "t",
        Symbol("F_R"): "F(R)",
        Symbol("p_o", positive=True): r"\pi(o)",
        Symbol("q_o", positive=True): "q(o)",
        Symbol("curl"): r"\mathrm{curl}\,P_2",
        Symbol("g_21", real=True): r"\Gamma_{21}",
        Symbol("g_31", real=True): r"\Gamma_{31}",
        Symbol("g_32", real=True): r"\Gamma_{32}",
        **{
            Symbol(f"{c}_{k}_{where}"): rf"{c}_{{{tex}}}^{{\mathrm{{{where}}}}}"
            for c in "cd"
            for where in ("loss", "ratio", "reward")
            for k, tex in (("k1", "k_1"), ("k2", "k_2"), ("k3", "k_3"), ("abs", r"\mathrm{abs}"))
        },
    }
)

#: In the book, where p and p_0 are the probabilities of the better answer.
SHORT = Notation(
    extra={**NOTATION.extra, symbols.pi: "p", symbols.pi_ref: "p_0",
           Symbol("pi_old", positive=True): r"p_{\mathrm{old}}"}
)  # fmt: skip
